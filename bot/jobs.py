"""What happens by the clock: looks at folders and documents, and turns that are submitted when their time has come."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.engine.reminding import Reminding
from bot.engine.sweep import SECONDS
from bot.learning import shelf
from bot.learning.digest import Digest
from bot.learning.quiet import Quiet
from bot.ports import Clock
from bot.settings import Settings
from bot.skills.git import GitRecord
from bot.store import tasks, turns
from bot.store.commits import Commit
from bot.store.store import Connection, Store
from bot.store.turns import NewTurn
from bot.tools import documents
from bot.tools.documents import DocumentTools

HOUR = 3600.0
DAY = 24 * HOUR
Tick = tuple[float, Callable[[], Awaitable[None]]]
"""Every so many seconds this is called."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The process's own work. The keys of the turns that it submits hold their time, so each is there once."""

    settings: Settings
    store: Store
    clock: Clock
    shelf: shelf.Shelf
    git: GitRecord
    documents: Sequence[DocumentTools]
    reminding: Reminding
    digest: Digest
    quiet: Quiet

    def ticks(self) -> list[Tick]:
        """What is called how often."""
        ticks: list[Tick] = [(HOUR, self.remind), (shelf.SECONDS, self.look)]
        ticks += [(SECONDS, self.reminding.submit), (HOUR, self.reminding.mend)]
        ticks += [(documents.SECONDS, each.look) for each in self.documents]
        if self.settings.learn_every:
            ticks.append((self.settings.learn_every.total_seconds(), self.learn))
        return ticks

    async def look(self) -> None:
        """See what became of the skills' folders, and keep what was decided."""
        await self.shelf.look()
        if self.settings.skills_git == "commit":
            await self.git.look()

    async def remind(self) -> None:
        """Submit a look at what waits for people, and at skills that nobody needs; the hour in the key elects one.

        Messages may follow: in quiet hours it is for when they are over, and the key has that hour.
        """
        now, due = self._now(), self.quiet.over(self.clock.now()).timestamp()

        def work(connection: Connection) -> None:
            for kind in ("remind", "retire"):
                new = NewTurn(f"{kind}:{int(due // HOUR)}", f"job:{kind}", kind, {}, due=due)
                turns.enqueue(connection, new, now)
            if self.settings.tables.retention.days:
                new = NewTurn(f"retain:{int(now // DAY)}", "job:retain", "retain", {}, due=due)
                turns.enqueue(connection, new, now)
            self.digest.submit(connection)

        await self.store.write(Commit.REMIND, work)

    async def learn(self) -> None:
        """Submit a cycle for each scope with tasks that no cycle has seen; the slot in the key elects one."""
        now, every = self._now(), self.settings.learn_every.total_seconds()

        def work(connection: Connection) -> None:
            for scope in tasks.unmined(connection):
                key = f"mine:{scope}:{int(now // every)}"
                turns.enqueue(connection, NewTurn(key, "job:mine", "mine", {"scope": scope}), now)

        await self.store.write(Commit.SUBMIT, work)

    def _now(self) -> float:
        return self.clock.now().timestamp()
