"""Writes an `.env` with fresh secrets from answers to five questions, and says what DNS must hold for it.

Never replaces a file, and never makes a new key where the data folder keeps one: links in emails that were
sent, and suppressed addresses, hang on it.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from digest.config import PREFIX, Settings, load
from digest.domain import DeliveryState, Receipt
from digest.errors import ConfigError, DeliveryError, InputError, RefusedError
from digest.pipeline.installation import KEY_FILE, open_installation
from digest.pipeline.mail.test_email import send_test_email
from digest.throttle import domain_of

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A record that mail servers or readers look for, and why."""

    name: str
    type: str
    value: str
    why: str


def refuse_existing(path: Path) -> None:
    """Raise RefusedError where there is such a file: its secrets aren't replaced."""
    if path.exists() or path.is_symlink():
        msg = f"there is a file {path} already, and its secrets would be lost"
        raise RefusedError(msg, fix=f"edit it, or move it away first: mv {path} {path}.old")


def env_text(answers: Mapping[str, str]) -> str:
    """Return the text of an `.env` from answers (by field of `Settings`), with fresh secrets; empty
    ones are left out.

    Raises ConfigError that lists all that is wrong, and InputError for what can't stand in the file.
    """
    given = {field: answer for field, answer in answers.items() if answer}
    for field, answer in given.items():
        if not answer.isprintable() or "${" in answer:
            raise InputError(f"{PREFIX}{field.upper()}: a value holds no line ends and no ${{")
    settings = load(**given)
    if "@" not in parseaddr(settings.mail_from)[1]:
        raise InputError(
            f"{settings.mail_from!r} is not an address to send from", fix="--mail-from papers@your-domain"
        )
    lines = ["# Written by digest init. Every other setting, with its default: .env.example"]
    lines += [f"{PREFIX}{field.upper()}={_quoted(answer)}" for field, answer in given.items()]
    if not (settings.data_dir / KEY_FILE).exists():
        lines += ["# Signs the links in emails. Keep it: with another key they end."]
        lines += [f"{PREFIX}SECRET_KEY={secrets.token_urlsafe(SECRET_BYTES)}"]
    lines += ["# The database's password, for docker compose", f"POSTGRES_PASSWORD={secrets.token_hex(16)}"]
    return "\n".join(lines) + "\n"


def write_env(path: Path, text: str) -> None:
    """Write a file that only its owner can read. Raises RefusedError where there is one, and OSError."""
    refuse_existing(path)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def dns_records(settings: Settings) -> list[DnsRecord]:
    """Return what DNS must hold, so that emails arrive (RFC 7208, 6376, 7489) and links lead to the site.

    Nothing for a sender and a site that only this machine knows.
    """
    domain = domain_of(parseaddr(settings.mail_from)[1])
    relay = urlsplit(settings.smtp()).hostname or "localhost"
    host = urlsplit(settings.base_url).hostname or "localhost"
    selector = settings.dkim_selector or "selector-of-your-mail-server"
    records = []
    if not _is_local(domain):
        sends, receives = _relay(relay)
        spf = f"v=spf1 {sends} ~all"
        dkim = f"{selector}._domainkey.{domain}"
        records += [
            DnsRecord(domain, "TXT", spf, "who may send (or the include: of your provider)"),
            DnsRecord(dkim, "TXT", "v=DKIM1; …", "the key that signs; your server shows it"),
            DnsRecord(f"_dmarc.{domain}", "TXT", "v=DMARC1; p=none", "what others do with forged mail"),
            DnsRecord(domain, "MX", receives, "where bounces and replies go"),
        ]
    if not _is_local(host):
        records.append(
            DnsRecord(host, "A/AAAA", "the address of this machine", "the pages that links in emails lead to")
        )
    return records


def _relay(host: str) -> tuple[str, str]:
    """A mail server as SPF names it (RFC 7208, 5), and as MX does: by no address (RFC 5321, 5.1)."""
    if _is_local(host):
        return "a:name-of-this-machine", "name-of-this-machine"
    try:
        address = ip_address(host)
    except ValueError:
        return f"a:{host}", host
    return f"ip{address.version}:{address}", "name-of-your-mail-server"


def _is_local(host: str) -> bool:
    """Whether a name or an address means the machine on which it is used."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def try_sending(settings: Settings, recipient: str, now: datetime) -> Receipt:
    """Send a test email by new settings; a server that can't be used is an answer too, not the end."""
    try:
        return send_test_email(open_installation(settings), recipient, now)
    except (ConfigError, DeliveryError) as error:
        return Receipt(DeliveryState.FAILED, error.message)


def _quoted(value: str) -> str:
    """A value that dotenv and docker compose read back to the same."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
