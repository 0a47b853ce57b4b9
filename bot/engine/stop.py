"""The Stop button under what a turn shows of itself while it works."""

from collections.abc import Callable

from bot.domain.chat import ButtonClicked, InPassing
from bot.ports import Clock
from bot.store import turns
from bot.store.buttons import Meaning
from bot.store.store import Connection, Effect, Store
from bot.words import say


class Stop:
    """Stops the turn whose button was pressed. `cancel` ends the turn that runs here in a lane, as for `/stop`."""

    def __init__(self, store: Store, clock: Clock, cancel: Callable[[str, int], None]) -> None:
        self._store = store
        self._clock = clock
        self._cancel = cancel

    async def decide(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """Stop the turn, unless it has ended."""
        id, language = int(meaning.subject), click.conversation.language
        lane = await self._store.read(lambda connection: turns.open_lane(connection, id))
        if lane is None:
            return say(language, "This piece of work has come to its end already."), lambda _: None
        behind = id + 1
        self._cancel(lane, behind)

        def effect(connection: Connection) -> None:
            turns.stop(connection, lane, behind, self._clock.now().timestamp())

        return InPassing(say(language, "Stopped.")), effect
