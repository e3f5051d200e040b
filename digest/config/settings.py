"""Reads settings from the environment, `.env` and `*_FILE` secrets into one frozen object, once at the edge.

All that is wrong is reported at once. Nothing below this module reads the environment.
"""

import os
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from digest.config import validators
from digest.domain import FIT_WEIGHT, PictureKind
from digest.errors import ConfigError
from digest.render.colors import ACCENT, ACCENT_DARK, DARK_SHEET, SHEET
from digest.render.site import FRONT, MOST_FRONT
from digest.words.nearest import nearest

PREFIX = "DIGEST_"
ENV_FILE = ".env"
# These may stand in a file: DIGEST_<NAME>_FILE.
SECRETS = (
    *("DATABASE_URL", "REDIS_URL", "SMTP_URL", "SECRET_KEY", "DKIM_KEY"),
    *("BOUNCE_IMAP_URL", "GITHUB_TOKEN", "SEMANTICSCHOLAR_KEY", "SUMMARY_KEY"),
)
FOUND_HERE = Path("data")
_PASSWORD = re.compile(r"(://[^/@]*?:)[^@/]*(@)")


def _word(secret: SecretStr) -> SecretStr:
    validators.word(secret.get_secret_value())
    return secret


def _mail_server(secret: SecretStr) -> SecretStr:
    validators.mail_server(secret.get_secret_value())
    return secret


def _data_folder() -> Path:
    """The same folder whatever folder a command is started in, but for a database that lies in ./data."""
    found_here = FOUND_HERE.absolute()
    is_used = (found_here / "digest.db").is_file()
    return found_here if is_used else user_data_path("digest", appauthor=False)


def _mailbox(secret: SecretStr) -> SecretStr:
    validators.mailbox(secret.get_secret_value())
    return secret


class Settings(BaseModel):
    """Every setting, its default and one line on it; `.env.example` says the same and a test compares."""

    model_config = ConfigDict(
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,  # it may be a secret
    )

    data_dir: Path = Field(
        default_factory=_data_folder,
        description="where the embedded database and outbox live; empty: this user's own data folder, or"
        " ./data where a database lies in it (`digest config show` says which)",
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="sqlite:///file or postgresql://…; empty: digest.db in the data folder"
    )
    redis_url: SecretStr = Field(SecretStr(""), description="Celery's broker; empty: none, use digest run")
    smtp_url: Annotated[SecretStr, AfterValidator(_mail_server)] = Field(
        SecretStr(""),
        description="smtp://, smtps://, smtp+starttls://user:password@host:port or maildir:folder;"
        " empty: a Maildir named outbox in the data folder",
    )
    base_url: Annotated[str, AfterValidator(validators.base_url)] = Field(
        "http://localhost:8000", description="where the links in mails lead to"
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="signs links and hashes addresses; empty: made once, kept in the data folder",
    )
    old_secret_keys: SecretStr = Field(
        SecretStr(""), description="keys used before, comma-separated: their links stay valid"
    )
    site_name: str = Field("Daily Papers", description="the name in subject lines and heads")
    language: Literal["en", "de", "zh"] = Field(
        "en",
        description="of emails to whoever chose none, and of pages for browsers that ask for none we have",
    )
    mail_from: str = Field("papers@localhost", description="the sender: an address, or Name <address>")
    dkim_selector: Annotated[str, AfterValidator(validators.selector)] = Field(
        "",
        description="the name of the key in your DNS that signs every mail (DKIM); empty: your relay signs",
    )
    dkim_domain: str = Field(
        "", description="the domain that signs, the sender's or one above it; empty: the sender's"
    )
    dkim_key: SecretStr = Field(
        SecretStr(""), description="the private key that signs, in PEM: RSA (2048 bits) or Ed25519"
    )
    postal_address: str = Field(
        "", description="who sends this, in the foot of every mail (the law asks for it)"
    )
    unsubscribe_mail: str = Field(
        "",
        pattern=r"^([^\s@<>,?]+@[^\s@<>,?]+)?$",
        description="an address whose mails unsubscribe (List-Unsubscribe); empty: links only",
    )
    bounce_mail: Annotated[str, AfterValidator(validators.bounce_address)] = Field(
        "",
        description="where mails come back to: bounces@your-domain; each mail's envelope sender is then a"
        " signed address there (bounces+…@your-domain); empty: the sender",
    )
    bounce_maildir: Path | None = Field(
        None,
        description="the Maildir into which your mail server puts what comes back; empty: bounces in the data"
        " folder",
    )
    bounce_imap_url: Annotated[SecretStr, AfterValidator(_mailbox)] = Field(
        SecretStr(""),
        description="a mailbox to which mails come back, read in every round: imaps://user:password@host/FOLDER,"
        " special characters percent-encoded",
    )
    operator_mail: str = Field(
        "",
        pattern=r"^([^\s@<>,?]+@[^\s@<>,?]+)?$",
        description="an address that is told when an issue is late, a source stalls or a domain refuses us,"
        " and when that is over; empty: nobody",
    )
    front_papers: int = Field(
        FRONT,
        ge=1,
        le=MOST_FRONT,
        description="how many papers of a digest are shown in full; the others follow in a line each",
    )
    logo_text: str = Field("", description="the line above the head of every mail; empty: the site's name")
    accent_color: Annotated[str, AfterValidator(validators.readable_on(SHEET))] = Field(
        ACCENT, description="links and buttons in mails, as #rrggbb"
    )
    accent_color_dark: Annotated[str, AfterValidator(validators.readable_on(DARK_SHEET))] = Field(
        ACCENT_DARK, description="the same in dark mode"
    )
    template_dir: Annotated[Path | None, AfterValidator(validators.existing_folder)] = Field(
        None,
        description="a folder of mail templates of your own; the shipped ones fill its gaps",
    )
    contact: str = Field(
        "", description="an address or page of yours for the sources' operators (User-Agent)"
    )
    fetch_allow_hosts: Annotated[str, AfterValidator(validators.hosts)] = Field(
        "", description="comma-separated hosts that may resolve to private addresses"
    )
    stalled_hours: float = Field(
        6, ge=1, le=24, description="hours until an announcement that was due and hasn't come raises an alarm"
    )
    signals: Annotated[str, AfterValidator(validators.services)] = Field(
        "",
        description="comma-separated services that are asked how much attention papers get: github (stars),"
        " semanticscholar (citations); empty: none",
    )
    github_token: Annotated[SecretStr, AfterValidator(_word)] = Field(
        SecretStr(""),
        description="a token of GitHub without any scope: three times as many papers are asked about",
    )
    semanticscholar_key: Annotated[SecretStr, AfterValidator(_word)] = Field(
        SecretStr(""),
        description="an API key of Semantic Scholar; without one its limits are shared with all",
    )
    proposal_days: int = Field(
        90, ge=1, le=36500, description="age in days from which a proposed paper is said to be old"
    )
    trust_proposers: bool = Field(
        False,
        description="accept proposals at once of readers whose last ones were accepted (three or more, and at"
        " most one in five rejected); false: a curator decides each",
    )
    summary_url: Annotated[str, AfterValidator(validators.chat_endpoint)] = Field(
        "",
        description="an OpenAI-compatible service that sums up papers whose source doesn't, such as"
        " http://localhost:11434/v1; its host may be private; empty: first sentences of the abstract",
    )
    summary_key: Annotated[SecretStr, AfterValidator(_word)] = Field(
        SecretStr(""), description="the key of that service"
    )
    summary_model: str = Field("", description="the name of the model to ask there; mails name it")
    semantic_model: str = Field(
        "",
        description="a folder or an installed package with a BERT's config.json, vocab.txt and"
        " model.safetensors, by which search also finds papers that mean the same; empty: by words alone",
    )
    thumbnails: bool = Field(
        False, description="show small copies of the pictures that sources have of papers, served from here"
    )
    mail_thumbnails: PictureKind = Field(
        PictureKind.OFF,
        description="small pictures of the three best papers in digests: off; cid, each email carries them;"
        " host, mail programs fetch them from here",
    )
    window_days: int = Field(
        3,
        ge=1,
        le=31,
        description="how long a paper stays a candidate, in days; in this time none comes to a reader twice",
    )
    fit_weight: float = Field(
        FIT_WEIGHT,
        ge=0,
        le=10,
        description="weight of how well a paper fits its reader's filters (0 to 1), beside its trend score"
        " (0 to 1); 0: plain order of trend",
    )
    smtp_connections: int = Field(4, ge=1, le=100, description="connections to the mail server per process")
    mails_per_second: float = Field(0, ge=0, description="digests per second to all; 0: no limit")
    domain_mails_per_second: float = Field(
        0, ge=0, description="digests per second to each recipient domain; 0: no limit"
    )
    warm_up_since: date | None = Field(
        None,
        description="the day on which a new sender began: each recipient domain gets 1,000 digests on it,"
        " and twice as many each day after; empty: no warm-up",
    )
    lease_seconds: float = Field(
        900,
        ge=3,
        le=3600,
        description="how long a worker holds what it claimed; a lost worker's mails wait so long. Below 900 a"
        " mail server gets less than its ten minutes for a reply",
    )
    tick_seconds: float = Field(60, gt=0, le=3600, description="how often beat looks for work")
    trusted_proxies: Annotated[str, AfterValidator(validators.networks)] = Field(
        "", description="comma-separated addresses or networks whose X-Forwarded-For is believed"
    )
    signups_per_hour: int = Field(20, ge=1, description="sign-ups from one network address (IPv6: one /64)")
    confirmations_per_hour: int = Field(
        500,
        ge=1,
        description="confirmation mails of the whole site; above it they wait, and an alarm is logged",
    )
    now: datetime | None = Field(
        None, description="sets the clock of a command (replays, tests); never for servers"
    )

    @field_validator("dkim_domain")
    @classmethod
    def _aligned(cls, domain: str, before: ValidationInfo) -> str:
        """Where mails are signed: the domain that signs, the default filled in."""
        if not before.data.get("dkim_selector"):
            return domain
        return validators.signing_domain(domain, before.data.get("mail_from", ""))

    @field_validator("dkim_key")
    @classmethod
    def _able_to_sign(cls, key: SecretStr, before: ValidationInfo) -> SecretStr:
        if before.data.get("dkim_selector"):
            validators.signing_key(key.get_secret_value())
        return key

    def database(self) -> str:
        """Return the database's URL, the default filled in."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'digest.db'}"

    def smtp(self) -> str:
        """Return the mail server's URL or the Maildir, the default filled in."""
        return self.smtp_url.get_secret_value() or f"maildir:{self.data_dir / 'outbox'}"

    def bounces(self) -> Path:
        """Return the Maildir with mails that came back, the default filled in."""
        return self.bounce_maildir or self.data_dir / "bounces"

    def allowed_hosts(self) -> frozenset[str]:
        """Return hosts that a fetch may reach at private addresses."""
        return frozenset(host for host in self.fetch_allow_hosts.split(",") if host)

    def services(self) -> tuple[str, ...]:
        """Return names of services that count attention."""
        return tuple(name for name in self.signals.split(",") if name)

    def proxies(self) -> tuple[str, ...]:
        """Return networks of proxies that say truly for whom they ask."""
        return tuple(network for network in self.trusted_proxies.split(",") if network)


def depends_on_folder(settings: Settings) -> bool:
    """Return whether the data folder is one that was only found because of where the command was started."""
    return "data_dir" not in settings.model_fields_set and settings.data_dir == FOUND_HERE.absolute()


def load(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (by field name) win over the environment, and that over `.env`.

    What is empty is as if it weren't there. Raises ConfigError that lists everything that is wrong, a line
    each.
    """
    try:
        return Settings(**(_given() | overrides))
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'_'.join(map(str, e['loc'])).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise ConfigError("\n".join(lines), fix="correct them in the environment or in .env") from error


def unknown_names(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the `DIGEST_*` names in the environment or `.env` that mean nothing, each with the nearest or
    ''.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {f"{PREFIX}{name}_FILE" for name in SECRETS}
    given = {*environ, *dotenv_values(ENV_FILE)}
    strays = sorted(name for name in given if name.startswith(PREFIX) and name not in known)
    return [(name, nearest(name, known)) for name in strays]


def _given() -> dict[str, Any]:
    """What the environment and `.env` say, by the names of fields."""
    given: dict[str, str] = {}
    for values in (dotenv_values(ENV_FILE), os.environ):
        given |= {name.upper(): value for name, value in values.items() if value}
    names = {field: PREFIX + field.upper() for field in Settings.model_fields}
    plain = {field: given[name] for field, name in names.items() if name in given}
    return plain | _secrets_from_files(given)


def _secrets_from_files(environ: Mapping[str, str]) -> dict[str, Any]:
    """`DIGEST_SECRET_KEY_FILE=/run/secrets/key` and its like, as Docker and systemd hand secrets over."""
    found: dict[str, Any] = {}
    for name in SECRETS:
        path = environ.get(f"{PREFIX}{name}_FILE")
        if not path or os.environ.get(PREFIX + name):
            continue
        try:
            found[name.lower()] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it isn't text"
            msg = f"{PREFIX}{name}_FILE: can't read {path}: {why}"
            raise ConfigError(msg, fix="name a file of text that this user can read") from error
    return found


def origins(settings: Settings, environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return each setting as (name, value, where it comes from); secrets are masked."""
    in_file = dotenv_values(ENV_FILE)
    rows: list[tuple[str, str, str]] = []
    for field in Settings.model_fields:
        name = PREFIX + field.upper()
        value = getattr(settings, field)
        if name in environ:
            origin = "environment"
        elif f"{name}_FILE" in {**in_file, **environ}:
            origin = "file"
        else:
            origin = ".env" if name in in_file else "default"
        rows.append((name, _masked(value), origin))
    return rows


def _masked(value: Any) -> str:
    if not isinstance(value, SecretStr):
        return "" if value is None else str(value)
    return (
        _PASSWORD.sub(r"\1***\2", value.get_secret_value())
        if "://" in value.get_secret_value()
        else str(value)
    )
