"""Reads emails that came back from a Maildir, files or standard input, and puts each where it belongs.

What is clear goes to `cur`, seen; what nobody understood, and what is forged, into the folder `.unknown`
beside it, which mail programs show. Nothing is ever deleted. A process that dies leaves a mail in `new`,
and the next one reads it.
"""

import logging
import math
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from digest.bounces import LARGEST
from digest.domain import BounceKind
from digest.errors import DigestError, InputError
from digest.pipeline.bounces.folders import UNKNOWN
from digest.pipeline.bounces.process import Processed, process
from digest.pipeline.failures import Part, guarded
from digest.pipeline.installation import Installation

PATIENCE = 20.0  # seconds of a round for these mails: whoever floods us delays no digest
_log = logging.getLogger(__name__)


def take_in(installation: Installation, now: datetime) -> int:
    """Process what came into the Maildir of the settings; returns how many. Without one there is nothing.

    Raises nothing for a folder that can't be read: that is logged, and no mail waits for it.
    """
    folder = installation.bounce_maildir
    try:
        if folder is None or not (folder / "new").is_dir():
            return 0
        return len(process_folder(installation, folder, now, seconds=PATIENCE))
    except (DigestError, OSError) as error:
        _log.warning("%s", error)
        return 0


def process_folder(
    installation: Installation,
    folder: Path,
    now: datetime,
    *,
    dry_run: bool = False,
    seconds: float = math.inf,
) -> list[Processed]:
    """Process what is new in a Maildir, oldest name first, and put it away, for so many seconds, but one mail
    at least; `dry_run`: leave all as it is.

    Raises InputError where it isn't a Maildir or can't be read or written.
    """
    try:
        if not (folder / "new").is_dir():
            fix = "name the folder above new and cur"
            raise InputError(f"{folder} is no Maildir: it has no folder new", fix=fix)
        names = sorted(path.name for path in (folder / "new").iterdir() if _is_mail(path))
        until, done = time.monotonic() + seconds, []
        for one in _each(installation, folder, names, now, dry_run):
            done.append(one)
            if time.monotonic() > until:
                break
        return done
    except OSError as error:
        msg = f"the mails in {folder} can't be read and moved: {error.strerror}"
        raise InputError(msg, fix="let this user read and write that folder") from error


def process_input(installation: Installation, kept: Path, now: datetime) -> Processed:
    """Process a mail that `keep` put into a Maildir, and put it away."""
    done = process(installation, "-", _read(kept), now)
    _put_away(kept, done)
    return done


def keep(folder: Path, raw: bytes) -> Path:
    """Put a mail into a Maildir, before anything else is done with it: a pipe gives it only once.

    Raises InputError where it can't be written.
    """
    try:
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        name = uuid4().hex
        with (folder / "tmp" / name).open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        return (folder / "tmp" / name).rename(folder / "new" / name)
    except OSError as error:
        msg = f"the mail can't be kept in {folder}: {error.strerror}"
        raise InputError(msg, fix="DIGEST_BOUNCE_MAILDIR=a folder that this user can write") from error


def _each(
    installation: Installation, folder: Path, names: list[str], now: datetime, dry_run: bool
) -> Iterator[Processed]:
    for name in names:
        path = folder / "new" / name
        try:
            raw = _read(path)
        except FileNotFoundError:  # another process was quicker
            continue
        done = Processed(name, BounceKind.UNKNOWN, None, None)
        with guarded(installation, Part.BOUNCE, name, now):
            done = process(installation, name, raw, now, dry_run=dry_run)
        if not dry_run:
            _put_away(path, done)
        yield done


def _is_mail(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)


def _put_away(path: Path, done: Processed) -> None:
    """Move a mail out of `new`; none takes another's place, and one that another process moved is gone."""
    base = path.parents[1]
    if done.is_clear:
        target = base / "cur" / f"{path.name.partition(':')[0]}:2,S"
    else:
        for part in ("tmp", "new", "cur"):
            (base / UNKNOWN / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        target = base / UNKNOWN / "new" / path.name
    target.parent.mkdir(mode=0o700, exist_ok=True)
    if target.exists():
        target = target.with_name(f"{uuid4().hex}.{target.name}")
    try:
        path.rename(target)
    except FileNotFoundError:
        _log.debug("%s is gone: another process put it away", path.name)
