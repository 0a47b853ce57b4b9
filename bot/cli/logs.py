"""Logging: events with fields, on stderr, as lines for people or as JSON."""

import logging
import sys
from collections.abc import Mapping
from typing import Any, Literal

import structlog

from bot.domain.privacy import Privacy


class _Masking(logging.Formatter):
    """Lines of libraries, without secrets."""

    def __init__(self, privacy: Privacy) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._privacy = privacy

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback behind it."""
        return self._privacy.masked(super().format(record))


def configure(style: Literal["console", "json"], privacy: Privacy, *, quiet: bool = False) -> None:
    """Set up structlog; libraries' own logs appear from warnings on. `quiet`: errors only, where a person types."""

    def masked(_: object, __: str, line: str | bytes | Mapping[str, Any]) -> str:
        return privacy.masked(str(line))

    renderer = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
            masked,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR if quiet else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    level = logging.ERROR if quiet else logging.WARNING
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Masking(privacy))
    logging.basicConfig(level=level, handlers=[handler])
