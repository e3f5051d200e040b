"""Messages into a Maildir: a folder that every mail program reads, for trying things out and for relays that
fetch their mail from a disk.

In: an envelope. Out: a receipt that names the file. Never: half a message (it is written aside, synced, then
moved), a second file for a message that is there already, or a header that wasn't in the message.
"""

import asyncio
import hashlib
import os
from pathlib import Path
from uuid import uuid4

from digest.deliver.envelope import BeforeBody, Envelope, with_crlf
from digest.domain import DeliveryState, Receipt
from digest.errors import DeliveryError


class MaildirTransport:
    """The Maildir at `folder`, made when the first message comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def hand_over(self, envelope: Envelope, *, before_body: BeforeBody) -> Receipt:
        """See `Transport`. A disk that is full or read-only is a DeliveryError, and leaves no file."""
        if not await before_body():
            return Receipt(DeliveryState.QUEUED, "taken back before it was written")
        try:
            name = await asyncio.to_thread(self._write, envelope)
        except OSError as error:
            raise DeliveryError(
                f"the mail folder {self._folder} can't be written to: {error.strerror}",
                fix="check its path, its permissions, and that the disk has room",
            ) from error
        return Receipt(DeliveryState.SENT, f"written to {self._folder / 'new' / name}")

    async def close(self) -> None:
        """See `Transport`. There is nothing to close."""

    def _write(self, envelope: Envelope) -> str:
        for part in ("tmp", "new", "cur"):
            (self._folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        name = file_name(envelope.message_id)
        if not self._holds(name):
            unfinished = self._folder / "tmp" / f"{name}.{uuid4().hex}"
            try:
                _write_synced(unfinished, with_crlf(envelope.content).replace(b"\r\n", b"\n"))
                unfinished.rename(self._folder / "new" / name)
                _sync_folder(self._folder / "new")
            finally:
                unfinished.unlink(missing_ok=True)
        return name

    def _holds(self, name: str) -> bool:
        """Whether the message is there; a mail program that showed it has moved it to `cur` with flags."""
        seen = (self._folder / "cur").glob(f"{name}*")
        return (self._folder / "new" / name).exists() or any(seen)


def file_name(message_id: str) -> str:
    """Return the file of a message: from its Message-ID alone, so that a second copy meets the first."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32] + ".eml"


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name as durable as the bytes behind it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
