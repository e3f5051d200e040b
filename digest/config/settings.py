"""Defines the settings: what each is called, how it is checked, its default and one line on it."""

# ruff: noqa: RUF009 - `setting` makes a field

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from pydantic_core import SchemaValidator, core_schema

from digest.config import validators
from digest.config.schemas import (
    ADDRESS_OR_NONE,
    FOLDER,
    FOLDER_OR_NONE,
    TEXT,
    beside,
    checked,
    secret,
    setting,
)
from digest.config.secret import Secret
from digest.domain import FIT_WEIGHT, PictureKind
from digest.render.colors import ACCENT, ACCENT_DARK, DARK_SHEET, SHEET
from digest.render.site import FRONT, MOST_FRONT

FOUND_HERE = Path("data")


def _data_folder() -> Path:
    """The same folder whatever folder a command is started in, but for a database that lies in ./data."""
    found_here = FOUND_HERE.absolute()
    if (found_here / "digest.db").is_file():
        return found_here
    from platformdirs import user_data_path  # noqa: PLC0415 - most say where their data lies

    return user_data_path("digest", appauthor=False)


def _aligned(domain: str, before: Mapping[str, Any]) -> str:
    """Where mails are signed: the domain that signs, the default filled in."""
    if not before.get("dkim_selector"):
        return domain
    return validators.signing_domain(domain, before.get("mail_from", ""))


def _able_to_sign(key: str, before: Mapping[str, Any]) -> str:
    return validators.signing_key(key) if before.get("dkim_selector") else key


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, its default and one line on it; `.env.example` says the same and a test compares.

    They are checked by pydantic's core, without the models on top of it, which take a fifth of the time of a
    short command to import.
    """

    data_dir: Path = setting(
        FOLDER,
        _data_folder,
        "where the embedded database and outbox live; empty: this user's own data folder, or"
        " ./data where a database lies in it (`digest config show` says which)",
    )
    database_url: Secret = setting(
        secret(), "", "sqlite:///file or postgresql://…; empty: digest.db in the data folder"
    )
    redis_url: Secret = setting(secret(), "", "Celery's broker; empty: none, use digest run")
    smtp_url: Secret = setting(
        secret(checked(validators.mail_server, TEXT)),
        "",
        "smtp://, smtps://, smtp+starttls://user:password@host:port or maildir:folder;"
        " empty: a Maildir named outbox in the data folder",
    )
    base_url: str = setting(
        checked(validators.base_url, TEXT), "http://localhost:8000", "where the links in mails lead to"
    )
    secret_key: Secret = setting(
        secret(),
        "",
        "signs links and hashes addresses; empty: made once, kept in the data folder",
    )
    old_secret_keys: Secret = setting(
        secret(), "", "keys used before, comma-separated: their links stay valid"
    )
    site_name: str = setting(TEXT, "Daily Papers", "the name in subject lines and heads")
    language: Literal["en", "de", "zh"] = setting(
        core_schema.literal_schema(list(get_args(Literal["en", "de", "zh"]))),
        "en",
        "of emails to whoever chose none, and of pages for browsers that ask for none we have",
    )
    mail_from: str = setting(TEXT, "papers@localhost", "the sender: an address, or Name <address>")
    dkim_selector: str = setting(
        checked(validators.selector, TEXT),
        "",
        "the name of the key in your DNS that signs every mail (DKIM); empty: your relay signs",
    )
    dkim_domain: str = setting(
        beside(_aligned, TEXT), "", "the domain that signs, the sender's or one above it; empty: the sender's"
    )
    dkim_key: Secret = setting(
        secret(beside(_able_to_sign, TEXT)),
        "",
        "the private key that signs, in PEM: RSA (2048 bits) or Ed25519",
    )
    postal_address: str = setting(TEXT, "", "who sends this, in the foot of every mail (the law asks for it)")
    unsubscribe_mail: str = setting(
        ADDRESS_OR_NONE,
        "",
        "an address whose mails unsubscribe (List-Unsubscribe); empty: links only",
    )
    bounce_mail: str = setting(
        checked(validators.bounce_address, TEXT),
        "",
        "where mails come back to: bounces@your-domain; each mail's envelope sender is then a"
        " signed address there (bounces+…@your-domain); empty: the sender",
    )
    bounce_maildir: Path | None = setting(
        FOLDER_OR_NONE,
        None,
        "the Maildir into which your mail server puts what comes back; empty: bounces in the data folder",
    )
    bounce_imap_url: Secret = setting(
        secret(checked(validators.mailbox, TEXT)),
        "",
        "a mailbox to which mails come back, read in every round: imaps://user:password@host/FOLDER,"
        " special characters percent-encoded",
    )
    operator_mail: str = setting(
        ADDRESS_OR_NONE,
        "",
        "an address that is told when an issue is late, a source stalls or a domain refuses us,"
        " and when that is over; empty: nobody",
    )
    front_papers: int = setting(
        core_schema.int_schema(ge=1, le=MOST_FRONT),
        FRONT,
        "how many papers of a digest are shown in full; the others follow in a line each",
    )
    logo_text: str = setting(TEXT, "", "the line above the head of every mail; empty: the site's name")
    accent_color: str = setting(
        checked(validators.readable_on(SHEET), TEXT), ACCENT, "links and buttons in mails, as #rrggbb"
    )
    accent_color_dark: str = setting(
        checked(validators.readable_on(DARK_SHEET), TEXT), ACCENT_DARK, "the same in dark mode"
    )
    template_dir: Path | None = setting(
        checked(validators.existing_folder, FOLDER_OR_NONE),
        None,
        "a folder of mail templates of your own; the shipped ones fill its gaps",
    )
    contact: str = setting(TEXT, "", "an address or page of yours for the sources' operators (User-Agent)")
    fetch_allow_hosts: str = setting(
        checked(validators.hosts, TEXT), "", "comma-separated hosts that may resolve to private addresses"
    )
    stalled_hours: float = setting(
        core_schema.float_schema(ge=1, le=24),
        6,
        "hours until an announcement that was due and hasn't come raises an alarm",
    )
    signals: str = setting(
        checked(validators.services, TEXT),
        "",
        "comma-separated services that are asked how much attention papers get: github (stars),"
        " semanticscholar (citations); empty: none",
    )
    github_token: Secret = setting(
        secret(checked(validators.word, TEXT)),
        "",
        "a token of GitHub without any scope: three times as many papers are asked about",
    )
    semanticscholar_key: Secret = setting(
        secret(checked(validators.word, TEXT)),
        "",
        "an API key of Semantic Scholar; without one its limits are shared with all",
    )
    proposal_days: int = setting(
        core_schema.int_schema(ge=1, le=36500),
        90,
        "age in days from which a proposed paper is said to be old",
    )
    trust_proposers: bool = setting(
        core_schema.bool_schema(),
        False,
        "accept proposals at once of readers whose last ones were accepted (three or more, and at"
        " most one in five rejected); false: a curator decides each",
    )
    summary_url: str = setting(
        checked(validators.chat_endpoint, TEXT),
        "",
        "an OpenAI-compatible service that sums up papers whose source doesn't, such as"
        " http://localhost:11434/v1; its host may be private; empty: first sentences of the abstract",
    )
    summary_key: Secret = setting(secret(checked(validators.word, TEXT)), "", "the key of that service")
    summary_model: str = setting(TEXT, "", "the name of the model to ask there; mails name it")
    semantic_model: str = setting(
        TEXT,
        "",
        "a folder or an installed package with a BERT's config.json, vocab.txt and"
        " model.safetensors, by which search also finds papers that mean the same; empty: by words alone",
    )
    thumbnails: bool = setting(
        core_schema.bool_schema(),
        False,
        "show small copies of the pictures that sources have of papers, served from here",
    )
    mail_thumbnails: PictureKind = setting(
        core_schema.enum_schema(PictureKind, list(PictureKind), sub_type="str"),
        PictureKind.OFF,
        "small pictures of the three best papers in digests: off; cid, each email carries them;"
        " host, mail programs fetch them from here",
    )
    window_days: int = setting(
        core_schema.int_schema(ge=1, le=31),
        3,
        "how long a paper stays a candidate, in days; in this time none comes to a reader twice",
    )
    fit_weight: float = setting(
        core_schema.float_schema(ge=0, le=10),
        FIT_WEIGHT,
        "weight of how well a paper fits its reader's filters (0 to 1), beside its trend score"
        " (0 to 1); 0: plain order of trend",
    )
    smtp_connections: int = setting(
        core_schema.int_schema(ge=1, le=100), 4, "connections to the mail server per process"
    )
    mails_per_second: float = setting(
        core_schema.float_schema(ge=0), 0, "digests per second to all; 0: no limit"
    )
    domain_mails_per_second: float = setting(
        core_schema.float_schema(ge=0), 0, "digests per second to each recipient domain; 0: no limit"
    )
    warm_up_since: date | None = setting(
        core_schema.nullable_schema(core_schema.date_schema()),
        None,
        "the day on which a new sender began: each recipient domain gets 1,000 digests on it,"
        " and twice as many each day after; empty: no warm-up",
    )
    lease_seconds: float = setting(
        core_schema.float_schema(ge=3, le=3600),
        900,
        "how long a worker holds what it claimed; a lost worker's mails wait so long. Below 900 a"
        " mail server gets less than its ten minutes for a reply",
    )
    tick_seconds: float = setting(
        core_schema.float_schema(gt=0, le=3600), 60, "how often beat looks for work"
    )
    trusted_proxies: str = setting(
        checked(validators.networks, TEXT),
        "",
        "comma-separated addresses or networks whose X-Forwarded-For is believed",
    )
    signups_per_hour: int = setting(
        core_schema.int_schema(ge=1), 20, "sign-ups from one network address (IPv6: one /64)"
    )
    confirmations_per_hour: int = setting(
        core_schema.int_schema(ge=1),
        500,
        "confirmation mails of the whole site; above it they wait, and an alarm is logged",
    )
    now: datetime | None = setting(
        core_schema.nullable_schema(core_schema.datetime_schema()),
        None,
        "sets the clock of a command (replays, tests); never for servers",
    )
    is_found_here: bool = False  # whether the data folder is one that the current folder holds

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


# Each setting, by the name of its field → a line on it.
DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {each.name: each.metadata["description"] for each in fields(Settings) if each.metadata}
)
# Raises ValidationError that lists all that is wrong.
CHECK = SchemaValidator(
    core_schema.typed_dict_schema(
        {
            each.name: core_schema.typed_dict_field(each.metadata["schema"])
            for each in fields(Settings)
            if each.metadata
        }
    ),
    core_schema.CoreConfig(hide_input_in_errors=True),  # the cause of an error is shown, and may be a key
)
