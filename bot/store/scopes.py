"""What a scope wants of learning, and the reports of its cycles."""

import sqlalchemy as sa

from bot.domain.json import JSON
from bot.store.tables import cycles, scopes


def learns(connection: sa.Connection, scope: str) -> bool:
    """Whether the bot may learn here; it may until somebody says `/learn off`."""
    return connection.scalar(sa.select(scopes.c.learning).where(scopes.c.scope == scope)) is not False


def set_learning(connection: sa.Connection, scope: str, on: bool) -> None:
    """Switch learning on or off."""
    _set(connection, scope, learning=on)


def tell(connection: sa.Connection, scope: str, now: float) -> bool:
    """Note that a shared chat is told that the bot learns there; False where that was done before."""
    if connection.scalar(sa.select(scopes.c.told).where(scopes.c.scope == scope)) is not None:
        return False
    _set(connection, scope, told=now)
    return True


def mined(connection: sa.Connection, scope: str, now: float) -> None:
    """All that was closed in a scope until now has been looked at."""
    _set(connection, scope, mined=now)


def report(connection: sa.Connection, scope: str, now: float, words: JSON, tokens: int) -> None:
    """Record a learning cycle: what it saw, found and refused, and what it cost."""
    connection.execute(cycles.insert().values(scope=scope, at=now, report=words, tokens=tokens))


def cost(connection: sa.Connection, scope: str, since: float) -> int:
    """The tokens that a scope's cycles have cost since a time."""
    where = (cycles.c.scope == scope, cycles.c.at >= since)
    return connection.scalar(sa.select(sa.func.coalesce(sa.func.sum(cycles.c.tokens), 0)).where(*where)) or 0


def last_report(connection: sa.Connection, scope: str) -> JSON:
    """The report of the scope's last cycle; None if there was none."""
    return connection.scalar(
        sa.select(cycles.c.report).where(cycles.c.scope == scope).order_by(cycles.c.id.desc()).limit(1)
    )


def _set(connection: sa.Connection, scope: str, **values: float | bool) -> None:
    if connection.execute(scopes.update().where(scopes.c.scope == scope).values(**values)).rowcount == 0:
        connection.execute(scopes.insert().values(scope=scope, **values))
