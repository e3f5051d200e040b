"""docker-compose.yml, Dockerfile and the systemd units keep the rules of a safe installation.

No Docker engine is needed: the file is read as YAML and held against a strict schema of ours and against the
settings and tasks that the code really has. `docker compose config` reads it too where it is installed.
"""

import configparser
import copy
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from digest.config import DESCRIPTIONS, PREFIX
from workers.app import SOFT_SHUTDOWN

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
UNITS = sorted((ROOT / "deploy").glob("*.service"))
SCHEMA = json.loads((Path(__file__).parent / "data/compose.schema.json").read_text(encoding="utf-8"))
PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?$")

each_service = pytest.mark.parametrize("name", sorted(SERVICES))
each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)


def errors(file: dict[str, Any]) -> list[str]:
    """What the schema says against a Compose file."""
    return [e.message for e in jsonschema.Draft202012Validator(SCHEMA).iter_errors(file)]


def test_the_file_fits_the_schema() -> None:
    assert errors(FILE) == []


@pytest.mark.parametrize(
    "mistake",
    [
        {"helthcheck": {"disable": True}},
        {"depends_on": {"redis": {"condition": "service_ready"}}},
        {"healthcheck": {"test": "celery inspect ping", "interval": "60s", "timeout": "5s", "retries": 3}},
        {"stop_grace_period": "45"},
        {"environment": {"DIGEST_TICK_SECONDS": 60}},
        {"restart": False},
    ],
)
def test_the_schema_finds_a_mistake(mistake: dict[str, Any]) -> None:
    broken = copy.deepcopy(FILE)
    broken["services"]["worker"] |= mistake
    assert errors(broken)


def test_the_services_are_those_of_the_design() -> None:
    assert set(SERVICES) == {"migrate", "web", "worker", "beat", "postgres", "redis", "mail"}
    assert {name: s["profiles"] for name, s in SERVICES.items() if "profiles" in s} == {"mail": ["dev"]}


@each_service
def test_every_service_has_a_health_check_or_runs_once(name: str) -> None:
    service = SERVICES[name]
    once = service["restart"] == "no" and service["healthcheck"] == {"disable": True}
    assert once == (name == "migrate")
    assert once or (service["restart"] == "unless-stopped" and service["healthcheck"]["test"])


@each_service
def test_every_service_runs_hardened_and_logs_to_standard_output(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["user"].split(":")[0] not in {"root", "0"}
    assert service["logging"]["options"]["max-size"]


@each_service
def test_images_are_pinned(name: str) -> None:
    service = SERVICES[name]
    assert name in OURS or PINNED.match(service["image"]), service["image"]


@each_service
def test_nothing_is_named_that_the_file_does_not_have(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= set(FILE["volumes"])
    assert set(service["networks"]) <= set(FILE["networks"])


@each_service
def test_no_port_is_open_to_the_outside(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_database_and_redis_are_on_the_closed_network_only() -> None:
    assert FILE["networks"]["backend"]["internal"]
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["backend"]


def test_there_is_no_default_password() -> None:
    passwords = [
        value
        for service in SERVICES.values()
        for key, value in service.get("environment", {}).items()
        if "PASSWORD" in key
    ]
    assert passwords
    assert set(passwords) == {"${POSTGRES_PASSWORD:?set it in .env}"}
    assert not re.search(r"://[^/\s]*:[^/\s@]+@", COMPOSE), "a password in a URL"


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_workers_wait_for_the_schema_the_database_and_redis(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }


def test_our_services_run_one_image_as_the_same_user_over_the_same_data() -> None:
    assert {"migrate", "web", "worker", "beat"} == OURS
    assert {SERVICES[name]["image"] for name in OURS} == {"digest:local"}
    assert {SERVICES[name]["user"] for name in OURS} == {"10001:10001"}
    assert {tuple(SERVICES[name]["volumes"]) for name in OURS} == {("data:/data",)}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_in_the_file_is_one_of_ours(name: str) -> None:
    given = {key for key in SERVICES[name]["environment"] if key.startswith(PREFIX)}
    assert given <= {PREFIX + field.upper() for field in DESCRIPTIONS}


def test_web_waits_for_the_schema_and_is_asked_whether_it_is_ready() -> None:
    web = SERVICES["web"]
    assert set(web["depends_on"]) == {"migrate", "postgres"}
    assert web["healthcheck"]["test"][:4] == ["CMD", "digest", "serve", "--check"]
    assert web["healthcheck"]["test"][-1] == web["command"][-1] == web["ports"][0].rpartition(":")[2]


def test_the_worker_has_more_time_to_stop_than_its_soft_shutdown_takes() -> None:
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) >= SOFT_SHUTDOWN + 15


def test_redis_evicts_nothing_and_keeps_its_log() -> None:
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--appendonly"] == "yes"
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]


def test_docker_itself_accepts_the_file() -> None:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip(
            "`docker compose` isn't installed (Debian: docker-compose-plugin of Docker's own packages)"
        )
    command = [
        docker,
        "compose",
        "--profile",
        "dev",
        "--file",
        str(ROOT / "docker-compose.yml"),
        "config",
        "--quiet",
    ]
    known = {key: value for key, value in os.environ.items() if key != "POSTGRES_PASSWORD"}
    without = subprocess.run(command, env=known, capture_output=True, text=True, check=False)
    assert without.returncode != 0
    assert "set it in .env" in without.stderr
    given = subprocess.run(
        command, env=known | {"POSTGRES_PASSWORD": "x"}, capture_output=True, text=True, check=False
    )
    assert given.returncode == 0, given.stderr


def test_the_image_is_pinned_installs_by_hash_and_runs_as_the_user_of_the_compose_file() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, flags=re.MULTILINE)
    assert len(set(bases)) == 1
    assert PINNED.match(bases[0])
    assert "--require-hashes" in DOCKERFILE
    assert not re.search(r"index-url|find-links|trusted-host", DOCKERFILE)
    assert "USER 10001:10001" in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


def test_the_image_is_built_from_what_the_docker_ignore_file_lets_through() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE)
        for source in sources.split()
    }
    assert "*" in lines
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_there_is_a_unit_for_web_worker_and_beat() -> None:
    assert [unit.name for unit in UNITS] == [
        "digest-beat.service",
        "digest-web.service",
        "digest-worker.service",
    ]


@each_unit
def test_units_run_unprivileged_and_come_back(unit: Path) -> None:
    service = read_unit(unit)["Service"]
    assert service["User"] == "digest"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["Restart"] == "always"
    use = unit.stem.removeprefix("digest-")
    command = "digest serve " if use == "web" else f"celery -A workers --quiet {use} "
    assert command in service["ExecStart"]


def test_systemd_leaves_the_worker_as_long_to_stop_as_compose_does() -> None:
    service = read_unit(ROOT / "deploy/digest-worker.service")["Service"]
    assert service["TimeoutStopSec"] + "s" == SERVICES["worker"]["stop_grace_period"]
    assert service["KillMode"] == "mixed", "SIGTERM to a pool process would cut its task short"


def read_unit(path: Path) -> configparser.RawConfigParser:
    """A systemd unit, its names as written."""
    unit = configparser.RawConfigParser()
    unit.optionxform = str  # type: ignore[assignment,method-assign] # documented way to keep upper case
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit
