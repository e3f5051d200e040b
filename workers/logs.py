"""Celery's and our own log records → lines on standard output, without anybody's address.

JSON where nobody watches, readable text on a terminal. Connected to Celery's `setup_logging`, which then
leaves logging alone.
"""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.types import EventDict, Processor

# Anything like an address, but not the names of Celery's own nodes (`celery@host`).
ADDRESS = re.compile(r"(?<![\w.+-])(?!celery(?:beat)?@)[^\s@<>()\[\]\"',:;]+@[\w.-]+")


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
            mask_addresses,
            last,
        ],
    )


def mask_addresses(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace what looks like an address in every text of the record, tracebacks too."""
    return {
        key: ADDRESS.sub("‹address›", value) if isinstance(value, str) else value
        for key, value in event.items()
    }


def _annotations() -> list[Processor]:
    return [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
