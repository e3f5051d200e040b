"""Log records of every process → lines on standard output, without anybody's address and without tokens.

JSON where nobody watches, readable text on a terminal. Workers connect it to Celery's `setup_logging`.
"""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.types import EventDict, Processor

# Anything like an address, but not the names of Celery's own nodes (`celery@host`).
ADDRESS = re.compile(r"(?<![\w.+-])(?!celery(?:beat)?@)[^\s@<>()\[\]\"',:;]+@[\w.-]+")

# The part of a signed link that opens somebody's pages.
TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_-]{28}(?![A-Za-z0-9_-])")


def set_up(loglevel: int | str = logging.INFO, **_signal: Any) -> None:
    """Send every record of this process to standard output; the arguments are those of the signal."""
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
    """One line per record: time, level, logger, what happened, and what was bound to it."""
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


def mask(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace what looks like an address or a link's token in every text of the record, tracebacks too."""
    return {key: masked(value) if isinstance(value, str) else value for key, value in event.items()}


def masked(text: str) -> str:
    """A text without addresses and tokens."""
    return TOKEN.sub("‹token›", ADDRESS.sub("‹address›", text))


def _annotations() -> list[Processor]:
    return [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
