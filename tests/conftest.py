"""Fixtures for every test: real servers, each started when the first test asks for it."""

pytest_plugins = ["tests.postgres_server", "tests.browser"]
