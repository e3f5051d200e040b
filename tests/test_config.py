"""Settings: read from the environment, wrong ones told all at once, secrets never shown."""

import inspect
from pathlib import Path

import pytest

from digest.config import PREFIX, Settings, load, origins, unknown_names
from digest.domain import FIT_WEIGHT
from digest.errors import ConfigError
from digest.match import Corpus

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_the_weight_of_the_fit_is_one_number() -> None:
    assert load().fit_weight == FIT_WEIGHT == inspect.signature(Corpus).parameters["fit_weight"].default


def test_the_example_file_names_every_setting_with_its_default_and_its_line() -> None:
    described: dict[str, tuple[str, str]] = {}
    comment: list[str] = []
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"#{PREFIX}"):
            name, _, default = line[1:].partition("=")
            described[name] = (default, " ".join(comment))
            comment = []
        elif line.startswith("# "):
            comment.append(line[2:])
        else:
            comment = []
    defaults = {name: value for name, value, _ in origins(load(), {})}
    expected = {
        PREFIX + name.upper(): (defaults[PREFIX + name.upper()], field.description)
        for name, field in Settings.model_fields.items()
    }
    assert described == expected


def test_everything_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_WINDOW_DAYS", "many")
    monkeypatch.setenv("DIGEST_BASE_URL", "papers.example.org")
    with pytest.raises(ConfigError) as caught:
        load()
    assert "DIGEST_WINDOW_DAYS" in caught.value.message
    assert "DIGEST_BASE_URL: must start with https://" in caught.value.message


def test_a_secret_can_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("quite secret\n")
    monkeypatch.setenv("DIGEST_SECRET_KEY_FILE", str(path))
    assert load().secret_key.get_secret_value() == "quite secret"


def test_a_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_SECRET_KEY_FILE", "/nowhere/key")
    with pytest.raises(ConfigError, match="DIGEST_SECRET_KEY_FILE: can't read /nowhere/key"):
        load()


def test_an_unknown_name_comes_with_the_nearest_known_one() -> None:
    assert unknown_names({"DIGEST_SMPT_URL": "x", "DIGEST_SECRET_KEY_FILE": "y", "HOME": "z"}) == [
        ("DIGEST_SMPT_URL", "DIGEST_SMTP_URL")
    ]


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_SMTP_URL", "smtp+starttls://ada:passw0rd@mail.example.org:587")
    monkeypatch.setenv("DIGEST_SECRET_KEY", "quite-secret")
    shown = {
        name: (value, origin)
        for name, value, origin in origins(load(), {"DIGEST_SECRET_KEY": "quite-secret"})
    }
    assert shown["DIGEST_SMTP_URL"][0] == "smtp+starttls://ada:***@mail.example.org:587"
    assert shown["DIGEST_SECRET_KEY"] == ("**********", "environment")


@pytest.mark.parametrize(
    "value", ["bounces", f"{'b' * 24}@example.org", "b+x@example.org", "b o@example.org"]
)
def test_an_address_for_bounces_leaves_room_for_its_token(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("DIGEST_BOUNCE_MAIL", value)
    with pytest.raises(ConfigError, match="DIGEST_BOUNCE_MAIL: must be an address with at most 23"):
        load()
