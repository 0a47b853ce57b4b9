"""Columns for what people, tools and models say: no secret of a known form and none of the bot's own is written there.

Whatever is stored comes through these types, so nobody who writes a row has to think of it.
"""

from contextvars import ContextVar
from typing import Any

from sqlalchemy import JSON, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

from bot.domain.privacy import Privacy

PRIVACY: ContextVar[Privacy] = ContextVar("privacy", default=Privacy())  # noqa: B039 - it is frozen
"""Of the thread that writes: it knows the bot's own secrets."""


class ToldText(TypeDecorator[str]):
    """A text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Mask it."""
        return None if value is None else PRIVACY.get().kept(value)


class ToldJSON(TypeDecorator[Any]):
    """Any JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Mask what stands in it."""
        return PRIVACY.get().kept_in(value)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """What looks into the JSON is no JSON itself."""
        return self.impl_instance.coerce_compared_value(op, value)
