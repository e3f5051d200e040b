# One image for every process of Digest; what it runs is its command. Its file system may be read-only:
# it writes to /data (settings: DIGEST_DATA_DIR) and /tmp only.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/digest
# The dependencies first, so that a change of our code alone doesn't install them again.
COPY requirements.lock ./
# dkimpy ships no wheel; it is Python alone, and needs no compiler.
RUN /opt/digest/bin/pip install --require-hashes --only-binary :all: --no-binary dkimpy --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY digest ./digest
COPY workers ./workers
COPY templates ./templates
COPY alembic ./alembic
# hatchling comes from the lock file; nothing is fetched here.
RUN /opt/digest/bin/pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /dist . \
 && /opt/digest/bin/pip install --no-deps --no-index /dist/digest-*.whl \
 && /opt/digest/bin/python -m compileall -q /opt/digest/lib

FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 digest \
 && useradd --uid 10001 --gid digest --no-create-home --home-dir /data --shell /usr/sbin/nologin digest \
 && install --directory --owner digest --group digest --mode 0700 /data
COPY --from=build /opt/digest /opt/digest
ENV PATH=/opt/digest/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DIGEST_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
# What holds for every command: the database answers, and its schema is this version's.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s CMD ["digest", "db", "check"]
CMD ["digest", "--help"]
