"""Writes log records as lines on standard output, without anybody's address and without tokens.

JSON where nobody watches, readable text on a terminal. Workers connect it to Celery's `setup_logging`.
"""

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structlog.types import EventDict, Processor

# What may hold an address. Whole words are looked at one by one: a pattern for an address as a whole takes
# time that grows with the square of a text without one.
_WORD = re.compile(r"[^\s<>()\[\]\"',:;]+")
_DOMAIN = re.compile(r"[\w.-]+")
_QUOTES = {"'", '"'}  # they part words here, and may end the local part of an address (RFC 5321, 4.1.2)
_NODES = {"celery", "celerybeat"}  # Celery's own names, celery@host

# The part of a signed link that opens somebody's pages.
TOKEN = re.compile(r"(?<=/)(?:[A-Za-z0-9_-]{28}|[A-Za-z0-9_-]{34})(?![A-Za-z0-9_-])")


def set_up(loglevel: int | str = logging.INFO, **_signal: Any) -> None:
    """Send every record of this process to standard output; the arguments are those of the signal."""
    import structlog  # noqa: PLC0415 - slow to import, and only servers and workers log

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter(as_json=not sys.stdout.isatty()))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(loglevel)
    structlog.configure(
        processors=[*_annotations(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def formatter(*, as_json: bool) -> logging.Formatter:
    """Return one line per record: time, level, logger, what happened, and what was bound to it."""
    import structlog  # noqa: PLC0415 - as above

    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_annotations(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask,
            last,
        ],
    )


def mask(_logger: Any, _method: str, event: "EventDict") -> "EventDict":
    """Replace what looks like an address or a link's token in every text of the record, tracebacks too."""
    return {key: masked(value) if isinstance(value, str) else value for key, value in event.items()}


def masked(text: str) -> str:
    """Return a text without addresses and tokens."""
    return TOKEN.sub("‹token›", _WORD.sub(_without_address, text) if "@" in text else text)


def _without_address(word: re.Match[str]) -> str:
    """A word, with everything in it up to the end of an address replaced."""
    local, *domains = word[0].split("@")
    if not any(domains) or (local in _NODES and len(domains) == 1):
        return word[0]
    named = _DOMAIN.match(domains[-1])
    before = word.string[max(word.start() - 1, 0) : word.start()]
    if not local and len(domains) == 1 and before not in _QUOTES:  # @name: nobody's address
        return word[0]
    return f"‹address›{domains[-1][named.end() if named else 0 :]}"


def _annotations() -> "list[Processor]":
    import structlog  # noqa: PLC0415 - as above

    return [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
