"""Settings: read from the environment, wrong ones told all at once, secrets never shown."""

import inspect
from pathlib import Path

import pytest

from digest.config import DESCRIPTIONS, PREFIX, depends_on_folder, load, origins, unknown_names
from digest.domain import FIT_WEIGHT
from digest.errors import ConfigError
from digest.match import Corpus

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in DESCRIPTIONS:
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
    defaults["DIGEST_DATA_DIR"] = ""  # a folder of this user
    expected = {
        PREFIX + name.upper(): (defaults[PREFIX + name.upper()], line) for name, line in DESCRIPTIONS.items()
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


def test_the_data_folder_does_not_depend_on_where_a_command_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    folders = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        settings = load()
        assert not depends_on_folder(settings)
        folders.add(settings.data_dir)
    assert folders == {tmp_path / "home" / "digest"} or len(folders) == 1  # other systems, other homes


def test_a_database_in_data_of_the_current_folder_is_used_as_before(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "digest.db").touch()
    settings = load()
    assert settings.data_dir == tmp_path / "data"
    assert depends_on_folder(settings)
    assert not depends_on_folder(load(data_dir=tmp_path / "data"))


@pytest.mark.parametrize(
    "url", ["foo", "http://mail.example.org", "smtp:mail.example.org", "mail.example.org:25"]
)
def test_a_mail_server_that_is_none_is_told_without_its_value(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DIGEST_SMTP_URL", url)
    with pytest.raises(ConfigError, match="DIGEST_SMTP_URL: must start with smtp://") as caught:
        load()
    assert url not in caught.value.message


def test_a_misspelt_name_in_the_env_file_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DIGEST_SMPT_URL=x\nOTHER=y\nDIGEST_BASE_URL=https://papers.example.org\n")
    assert unknown_names({}) == [("DIGEST_SMPT_URL", "DIGEST_SMTP_URL")]
