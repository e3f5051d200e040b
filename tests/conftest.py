"""Fixtures for every test: real servers, each started when the first test asks for it."""

from hypothesis import settings

pytest_plugins = ["tests.postgres_server", "tests.browser"]

# Laws are about values, not seconds: a busy machine fails none. What must be fast has a test or a benchmark.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")
