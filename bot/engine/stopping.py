"""Work that is to end at once: marked in the database before it is cancelled here, so that nothing behind it begins."""

from collections.abc import Callable, Sequence

from bot.store import turns
from bot.store.commits import Commit
from bot.store.store import Connection, Effect, Store
from bot.store.turns import Turn

Cancel = Callable[[str, int], None]
"""Cancels the turn that runs here in a lane, if it is older than a turn (its id)."""


class Stopping:
    """Stops work."""

    def __init__(self, store: Store, cancel: Cancel) -> None:
        self._store = store
        self._cancel = cancel

    async def __call__(self, turn: Turn, lanes: Sequence[str], also: Effect = lambda _: None) -> int:
        """Stop what was asked for in the lanes before this turn came, as it says or its person; how much that was.

        `also` is written with it.
        """

        def work(connection: Connection) -> int:
            also(connection)
            return sum(turns.stop(connection, lane, turn.id, turn.created) for lane in lanes)

        count = await self._store.write(Commit.STOP, work)
        for lane in lanes:
            self._cancel(lane, turn.id)
        return count
