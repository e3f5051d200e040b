"""Opens an Installation from settings: the database and the plain values that the pipeline works with."""

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from digest import __version__
from digest.config import Settings
from digest.domain import SYSTEM, Actor, PictureKind
from digest.errors import ConfigError
from digest.render import Colors, Renderer, Site
from digest.sources.days import STALLED_AFTER
from digest.sources.lookup.sites import SITES, Sites
from digest.store import schema, session
from digest.store.session import Engine
from digest.throttle import NO_LIMITS, Limits
from digest.tokens import Keys

if TYPE_CHECKING:
    from digest.render.signing import Signer
    from digest.sources.services import Service
    from digest.summarise import Summariser

KEY_FILE = "secret.key"
VISITORS_WAIT = 2.0  # seconds for the database's lock
UNAVAILABLE = session.UNAVAILABLE  # what is raised where the database can't be used now


@dataclass(frozen=True, slots=True)
class Installation:
    """What one installation is: its database, its name and keys, its mail server, its choices."""

    engine: Engine
    site: Site
    keys: Keys
    renderer: Renderer
    smtp_url: str
    smtp_connections: int
    window: timedelta
    fit_weight: float
    user_agent: str
    allow_hosts: frozenset[str]
    signups_per_hour: int = 20
    confirmations_per_hour: int = 500
    stalled_after: timedelta = STALLED_AFTER
    unsubscribe_mail: str = ""  # an address whose mails unsubscribe
    bounce_mail: str = ""  # an address to which mails come back, each with a token
    bounce_maildir: Path | None = None  # where they lie then
    bounce_imap_url: str = field(default="", repr=False)  # or the mailbox on a server; empty: none
    operator_mail: str = ""  # an address that is told of alarms
    lease: timedelta = timedelta(minutes=15)  # longer than the ten that a server may take for its last reply
    limits: Limits = NO_LIMITS
    services: "tuple[Service, ...]" = ()  # that count attention
    summariser: "Summariser | None" = None
    thumbnails: bool = False  # whether pages show copies of the pictures that sources have of papers
    mail_thumbnails: PictureKind = PictureKind.OFF  # whether emails do, and how
    search_folder: Path | None = None  # where processes share the search index; None: each has its own
    semantic_model: str = ""  # a folder or a package with weights, by which search finds meaning; empty: none
    lookup_sites: Sites = SITES  # that know proposed papers
    proposal_hosts: frozenset[str] = frozenset()  # whose proposed pages may have private addresses
    old_proposals: timedelta = timedelta(days=90)  # a proposed paper of that age is said to be old
    trust_proposers: bool = False  # whose proposals were accepted before
    signer: "Signer | None" = None  # of every mail; None: the relay signs
    actor: Actor = SYSTEM  # in whose hands it is: what they change is written down as theirs

    @property
    def keeps_pictures(self) -> bool:
        """Whether sources' pictures of papers are copied: for pages, for emails, or both."""
        return self.thumbnails or self.mail_thumbnails is not PictureKind.OFF


def open_installation(settings: Settings) -> Installation:
    """Open the database (made and filled with topics and default sources when it is empty).

    Raises ConfigError when the schema doesn't fit this version or a setting can't be used.
    """
    engine = session.connect(settings.database())
    if schema.ensure(engine):
        seed(engine)
    return Installation(
        engine=engine,
        site=Site(
            name=settings.site_name,
            base_url=settings.base_url,
            mail_from=_sender(settings),
            postal_address=settings.postal_address,
            logo_text=settings.logo_text or settings.site_name,
            front=settings.front_papers,
            language=settings.language,
        ),
        keys=_keys(settings),
        renderer=Renderer(settings.template_dir, Colors(settings.accent_color, settings.accent_color_dark)),
        smtp_url=settings.smtp(),
        smtp_connections=settings.smtp_connections,
        window=timedelta(days=settings.window_days),
        fit_weight=settings.fit_weight,
        user_agent=_user_agent(settings),
        allow_hosts=settings.allowed_hosts(),
        signups_per_hour=settings.signups_per_hour,
        confirmations_per_hour=settings.confirmations_per_hour,
        stalled_after=timedelta(hours=settings.stalled_hours),
        unsubscribe_mail=settings.unsubscribe_mail,
        bounce_mail=settings.bounce_mail,
        bounce_maildir=settings.bounces(),
        bounce_imap_url=settings.bounce_imap_url.get_secret_value(),
        operator_mail=settings.operator_mail,
        lease=timedelta(seconds=settings.lease_seconds),
        old_proposals=timedelta(days=settings.proposal_days),
        trust_proposers=settings.trust_proposers,
        services=_services(settings),
        summariser=_summariser(settings),
        thumbnails=settings.thumbnails,
        mail_thumbnails=settings.mail_thumbnails,
        search_folder=settings.data_dir / "search",
        semantic_model=settings.semantic_model.strip(),
        signer=signer(settings),
        limits=Limits(settings.mails_per_second, settings.domain_mails_per_second, settings.warm_up_since),
    )


def for_visitors(installation: Installation) -> Installation:
    """Return the same installation for pages: somebody waits for each, and is told to come again
    (UNAVAILABLE) before they would give up.
    """
    return replace(installation, engine=session.with_patience(installation.engine, VISITORS_WAIT))


def rehearsed(installation: Installation) -> Installation:
    """Return the same installation for a dry run: what is written to its database is never committed."""
    return replace(installation, engine=session.rehearsal(installation.engine))


def acting(installation: Installation, actor: Actor) -> Installation:
    """Return the same installation in the hands of somebody: the audit says that what is done by it
    was them.
    """
    return replace(installation, actor=actor)


def seed(engine: Engine) -> None:
    """Put the shipped topics and, where there is no source at all, the default sources into the store."""
    from digest.sources import default_sources  # noqa: PLC0415 - of a new database only
    from digest.store import sources  # noqa: PLC0415 - as above
    from digest.store.subscriptions import interests  # noqa: PLC0415 - as above
    from digest.topics import shipped  # noqa: PLC0415 - as above

    with session.transaction(engine) as db:
        interests.ship_topics(db, shipped())
        sources.defaults(db, default_sources())


def _sender(settings: Settings) -> str:
    """`Name <address>`; a bare address gets the site's name."""
    name, address = parseaddr(settings.mail_from)
    if "@" not in address:
        msg = f"DIGEST_MAIL_FROM: {settings.mail_from!r} is not an address"
        raise ConfigError(msg, fix="DIGEST_MAIL_FROM=papers@your-domain")
    return formataddr((name or settings.site_name, address))


def _user_agent(settings: Settings) -> str:
    """Who asks, with a contact, as arXiv's terms of use want it."""
    return f"digest/{__version__} (+{settings.contact or settings.base_url})"


def _services(settings: Settings) -> "tuple[Service, ...]":
    """Those that the operator asks for."""
    if not settings.services():
        return ()
    from digest.sources.github import GitHub  # noqa: PLC0415 - most ask none
    from digest.sources.semanticscholar import SemanticScholar  # noqa: PLC0415 - as above

    known: tuple[Service, ...] = (
        GitHub(settings.github_token.get_secret_value()),
        SemanticScholar(settings.semanticscholar_key.get_secret_value()),
    )
    return tuple(service for service in known if service.name in settings.services())


def _summariser(settings: Settings) -> "Summariser | None":
    """The model that sums papers up, where the operator wants one."""
    if not settings.summary_url:
        return None
    if not settings.summary_model.strip():
        msg = "DIGEST_SUMMARY_URL is set, but not which model is to be asked there"
        raise ConfigError(msg, fix="DIGEST_SUMMARY_MODEL=the model's name")
    from digest.summarise import Summariser  # noqa: PLC0415 - most ask none

    return Summariser(
        settings.summary_url, settings.summary_model.strip(), settings.summary_key.get_secret_value()
    )


def signer(settings: Settings) -> "Signer | None":
    """Return who signs mails, where the relay doesn't."""
    if not settings.dkim_selector:
        return None
    from digest.render.signing import Signer, read_key  # noqa: PLC0415 - slow to import, and most don't sign

    key = read_key(settings.dkim_key.get_secret_value())
    return Signer(settings.dkim_selector, settings.dkim_domain, key)


def _keys(settings: Settings) -> Keys:
    current = settings.secret_key.get_secret_value() or _kept_key(settings.data_dir)
    old = settings.old_secret_keys.get_secret_value().split(",")
    return Keys(current.encode(), tuple(key.strip().encode() for key in old if key.strip()))


def _kept_key(folder: Path) -> str:
    """The key of an installation that names none: made once, readable by its owner alone."""
    path = folder / KEY_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(32))
        return path.read_text(encoding="ascii")
    except OSError as error:
        msg = f"can't keep a secret key in {folder}: {error.strerror}"
        fix = "set DIGEST_SECRET_KEY, or a DIGEST_DATA_DIR that can be written"
        raise ConfigError(msg, fix=fix) from error


def _write_once(path: Path, text: str) -> None:
    """Write a file that nobody ever sees half-written; where another process was first, its file stays."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=path.parent) as file:  # made with mode 0600
        file.write(text)
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
