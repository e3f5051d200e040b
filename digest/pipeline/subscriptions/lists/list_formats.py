"""Reads the exports of other mailing lists: who is on the list, who left it, and whose mail bounced.

listmonk: Subscribers → Export. Mailman: addresses one a line, as `mailman members` and `list_members` print
them. Buttondown: Subscribers → Export. Mailchimp: one of the files in the archive that it exports
(subscribed, unsubscribed or cleaned). Their names, notes and attributes aren't kept: nothing here needs them.
"""

from collections.abc import Callable, Iterator, Mapping
from email.utils import parseaddr
from enum import StrEnum
from typing import BinaryIO

from digest.domain import SubscriberStatus
from digest.errors import InputError
from digest.pipeline.subscriptions.lists.csv_table import TableRow, read_table


class ListFormat(StrEnum):
    """Whose export a table is."""

    LISTMONK = "listmonk"
    MAILMAN = "mailman"
    BUTTONDOWN = "buttondown"
    MAILCHIMP = "mailchimp"


_GONE, _DEAD = SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.SUPPRESSED
# What listmonk blocklists, by itself after bounces and complaints or by hand, must never be written to.
_LISTMONK = {"": "", "enabled": "", "disabled": _GONE, "blocklisted": _DEAD, "unsubscribed": _GONE}
_BUTTONDOWN = {
    "": "",
    "regular": "",
    "premium": "",
    "gifted": "",
    "trialed": "",
    "paused": "",
    "active": "",
    "unactivated": SubscriberStatus.PENDING,
    "unpaid": "",
    "past_due": "",
    "churning": "",
    "churned": "",
    "unsubscribed": _GONE,
    "removed": _GONE,
    "blocked": _GONE,
    "spammy": _GONE,
    "complained": _DEAD,
    "undeliverable": _DEAD,
    "bounced": _DEAD,
}


def translated(file: BinaryIO, form: ListFormat) -> Iterator[TableRow]:
    """Yield the rows of an export with our columns. Raises InputError for what isn't such an export."""
    if form is ListFormat.MAILMAN:
        yield from _mailman(file)
        return
    names, needed, translate = _READERS[form]
    for row in read_table(file, names, needed=needed):
        try:
            yield TableRow(row.line, translate(row.fields))
        except InputError as error:
            raise InputError(f"line {row.line}: {error.message}", fix=error.fix) from error


def _mailman(file: BinaryIO) -> Iterator[TableRow]:
    for line, written in enumerate(file.read().decode("utf-8", "replace").splitlines(), 1):
        plain = written.strip("\ufeff \t,;\"'")
        if plain and plain.lower() not in {"email", "address"}:
            yield TableRow(line, {"email": parseaddr(plain)[1] or plain})


def _listmonk(fields: Mapping[str, str]) -> dict[str, str]:
    status = _state(fields, ("status",), _LISTMONK)
    return _row(fields["email"], status, joined=fields.get("created_at", ""))


def _buttondown(fields: Mapping[str, str]) -> dict[str, str]:
    email = fields.get("email") or fields.get("email_address", "")
    status = _state(fields, ("type", "subscriber_type"), _BUTTONDOWN)
    if fields.get("unsubscription_date"):
        status = _GONE
    if fields.get("undeliverability_date"):
        status = _DEAD
    return _row(email, status, joined=fields.get("creation_date", ""))


def _mailchimp(fields: Mapping[str, str]) -> dict[str, str]:
    status = _DEAD if fields.get("clean_time") else _GONE if fields.get("unsub_time") else ""
    agreed = fields.get("confirm_time") or fields.get("optin_time", "")
    words = f"Mailchimp: confirmed {agreed} UTC" if agreed else ""
    return _row(
        fields["email address"], status, joined=fields.get("optin_time", ""), consent=words, at=agreed
    )


_Reader = tuple[tuple[str, ...], tuple[str, ...], Callable[[Mapping[str, str]], dict[str, str]]]
_READERS: Mapping[ListFormat, _Reader] = {
    ListFormat.LISTMONK: (("uuid", "email", "name", "attributes", "status"), ("email",), _listmonk),
    ListFormat.BUTTONDOWN: (("email", "notes", "tags"), ("email", "email_address"), _buttondown),
    ListFormat.MAILCHIMP: (("email address", "optin_time", "leid"), ("email address",), _mailchimp),
}


def _state(fields: Mapping[str, str], names: tuple[str, ...], meanings: Mapping[str, str]) -> str:
    status = next((fields[name].lower() for name in names if fields.get(name)), "")
    if status not in meanings:
        raise InputError(f"{status!r} is no known status of a subscriber there")
    return meanings[status]


def _row(email: str, status: str, *, joined: str = "", consent: str = "", at: str = "") -> dict[str, str]:
    row = {"email": email, "status": status, "joined_at": joined, "consent": consent, "consent_at": at}
    return {name: value for name, value in row.items() if value}
