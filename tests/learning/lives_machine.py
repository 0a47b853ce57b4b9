"""People, clicks, restarts, drifts and edits as a machine plays them; the laws are held after each."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bot.domain.chat import ButtonClicked, Conversation, Person
from bot.domain.skill import SkillRef
from bot.learning.lifecycle import BY_A_PERSON
from bot.skills import folder, life
from bot.store import preferences, tables
from bot.store.audit import Event
from bot.store.commits import Commit
from bot.store.store import Connection
from tests.learning.lives_laws import Laws
from tests.learning.lives_world import (
    ALONE,
    CUSTOMERS,
    HOMES,
    KINDS,
    PEOPLE,
    SPEAKERS,
    World,
    may_decide,
)

PLACES = st.sampled_from(sorted(HOMES))
WHERE = st.sampled_from([*HOMES.values(), *ALONE])
PROSE = "---\nname: {name}\ndescription: {words}\n{scope}---\n# Words\n"
WATCHED = ("proposals", "lives", "audit", "evidence", "confirmations", "preferences")
"""Tables in which a click that may not change anything changes nothing."""


class Lives(RuleBasedStateMachine):
    """One history of the bot."""

    runner: ClassVar[asyncio.Runner]
    database: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp(prefix="lives"))

    def run(self, work: Awaitable[object]) -> None:
        async def awaited() -> None:
            await work

        self.runner.run(awaited())

    @initialize(reviewers=st.sampled_from([(), ("telegram:8", "slack:T1/U2")]), place=PLACES)
    def begin(self, reviewers: Sequence[str], place: str) -> None:
        self.world = World(self.path, self.database, reviewers)
        self.laws = Laws(self.world)
        self.run(self.world.open())
        self.become_live(place, "orders")

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.run(self.world.close())
        shutil.rmtree(self.path)

    # What people do.

    @rule(place=PLACES, kind=st.sampled_from(sorted(KINDS)), who=st.integers(0, 1), by_hand=st.booleans())
    def work(self, place: str, kind: str, who: int, by_hand: bool) -> None:
        """The same work for all customers, each a task of its own."""
        self.world.clerk.by_hand = by_hand
        person = SPEAKERS[place][who % len(SPEAKERS[place])]
        for customer in CUSTOMERS:
            self.run(self._as_live(self.world.say(place, person, KINDS[kind].format(who=customer, place=place))))

    async def _as_live(self, work: Awaitable[object]) -> None:
        """What is live before the work is what may run in it."""
        self.laws.could_run |= {str(ref) for ref in await self._live_refs()}
        await work

    async def _live_refs(self) -> list[SkillRef]:
        return [_ref(self.world.root / name) for name in await self.world.live(None)]

    @rule(place=PLACES, kind=st.sampled_from(sorted(KINDS)))
    def become_live(self, place: str, kind: str) -> None:
        """Work repeats, the bot looks, and who may decide says yes to what it posted last."""
        self.work(place, kind, 0, by_hand=True)
        self._say(place, "/learn")
        for button, message, there in self.world.buttons()[-4:]:
            if button.label == "Approve" and there.scope == HOMES[place].scope:
                self.run(self._pressed(button.id, message, _decider(self.world, there), there))

    @rule(place=PLACES, kind=st.sampled_from(sorted(KINDS)), thumb=st.sampled_from(["", "👍", "👎"]))
    def use(self, place: str, kind: str, thumb: str) -> None:
        """The work is done by the skill if there is one, and somebody says how it went."""
        self.work(place, kind, 0, by_hand=False)
        for button, message, there in self.world.buttons()[-8:]:
            if button.label == thumb and there.scope == HOMES[place].scope:
                self.run(self._pressed(button.id, message, _decider(self.world, there), there))

    @rule(place=PLACES, who=st.integers(0, 1))
    def learn(self, place: str, who: int) -> None:
        self._say(place, "/learn", who)

    @rule(
        place=PLACES,
        text=st.sampled_from(
            [
                "/learn on",
                "/learn off",
                "/skills",
                "/status",
                "Don't learn from this.",
                "Make a skill of what you just did.",
                "/new",
            ]
        ),
    )
    def command(self, place: str, text: str) -> None:
        self._say(place, text)

    @precondition(lambda self: bool(self.laws.known))
    @rule(place=PLACES, data=st.data())
    def show(self, place: str, data: st.DataObject) -> None:
        """`/skill NAME`, of any chat's skill. The answer repeats a name that is not known there."""
        name = data.draw(st.sampled_from(sorted(self.laws.known)))
        if HOMES[place].scope in self.laws.known[name] or None in self.laws.known[name]:
            self._say(place, f"/skill {name}")

    @precondition(lambda self: bool(self.laws.known))
    @rule(place=PLACES, never=st.booleans(), data=st.data())
    def wish(self, place: str, never: bool, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.laws.known)))
        scope, person = HOMES[place].scope, SPEAKERS[place][0]

        def work(connection: Connection) -> None:
            if never:
                preferences.forbid(connection, scope, name, person, 1.0)
            else:
                preferences.allow(connection, scope, name)

        self.run(self.world.store.write(Commit.WISH, work))

    def _say(self, place: str, text: str, who: int = 0) -> None:
        self.run(self.world.say(place, SPEAKERS[place][who % len(SPEAKERS[place])], text))

    # Clicks.

    @precondition(lambda self: bool(self.world.buttons()))
    @rule(data=st.data(), newest=st.booleans())
    def press(self, data: st.DataObject, newest: bool) -> None:
        """By somebody who may decide, where it stands."""
        buttons = self.world.buttons()
        button, message, there = data.draw(st.sampled_from(buttons[-4:] if newest else buttons))
        self.run(self._pressed(button.id, message, _decider(self.world, there), there))

    @precondition(lambda self: bool(self.world.buttons()))
    @rule(data=st.data(), person=st.sampled_from(PEOPLE), there=WHERE)
    def press_anywhere(self, data: st.DataObject, person: Person, there: Conversation) -> None:
        button, message, _ = data.draw(st.sampled_from(self.world.buttons()))
        self.run(self._pressed(button.id, message, person, there))

    @rule(person=st.sampled_from(PEOPLE), there=WHERE, id=st.text("abcDEF0189_-", max_size=32))
    def press_forged(self, person: Person, there: Conversation, id: str) -> None:
        self.run(self._unmoved(self.world.press(id, "m1", person, there), there))

    async def _pressed(self, button: str, message: str, person: Person, there: Conversation) -> None:
        kind, subject, _ = await self.world.meaning(button)
        homes = {where.scope for other, _, where in self.world.buttons() if other.id == button}
        everywhere = kind in ("life", "version") and None in self.laws.known.get(subject.partition("@")[0], ())
        if there.scope in homes or kind == "page" or everywhere or self._asked_alone(kind, person, there):
            await self._as_live(self.world.press(button, message, person, there))
        else:
            await self._unmoved(self.world.press(button, message, person, there), there)

    def _asked_alone(self, kind: str, person: Person, there: Conversation) -> bool:
        """Whether somebody may decide alone about what waits in a shared chat."""
        return there.direct and person.id in self.world.reviewers and kind in ("proposal", "why", "confirmation")

    async def _unmoved(self, press: Awaitable[ButtonClicked], there: Conversation) -> None:
        """A click that is forged or out of place changes nothing and brings nothing into a chat."""
        before = [await self.world.rows(getattr(tables, name)) for name in WATCHED]
        posted = len(self.world.posted())
        await press
        assert [await self.world.rows(getattr(tables, name)) for name in WATCHED] == before
        assert [message for message in self.world.posted()[posted:] if message.conversation == there] == []

    # What happens to the folders, to the work and to the process.

    @rule(place=PLACES, key=st.sampled_from(["list", "open"]))
    def drift(self, place: str, key: str) -> None:
        """The records of a place change their form: skills that read them fail from now on, or work again."""
        self.world.write_records(place, key)

    @precondition(lambda self: bool(_folders(self.world)))
    @rule(data=st.data(), how=st.sampled_from(["note", "words", "broken", "gone"]))
    def edit(self, data: st.DataObject, how: str) -> None:
        place = self.world.root / data.draw(st.sampled_from(_folders(self.world)))
        file = place / "SKILL.md"
        match how:
            case "note":
                (place / "notes.md").write_text(f"by hand {len(self.world.posted())}")
            case "words":
                file.write_text(file.read_text() + "\nMore.\n")
            case "broken":
                file.write_text("no skill")
            case "gone":
                shutil.rmtree(place)
        self.run(self.world.look())

    @rule(name=st.sampled_from(["tone", "style"]), place=st.sampled_from([None, *sorted(HOMES)]))
    def drop(self, name: str, place: str | None) -> None:
        """Somebody puts a folder there."""
        scope = f"metadata:\n  apprentice-scope: '{HOMES[place].scope}'\n" if place else ""
        where = self.world.root / name
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir()
        (where / "SKILL.md").write_text(PROSE.format(name=name, words=f"Words of {place or 'all'}.", scope=scope))
        self.run(self.world.look())

    @rule(count=st.sampled_from([0.1, 3, 15, 31, 61]))
    def pass_days(self, count: float) -> None:
        self.run(self.world.days(count))

    @rule()
    def restart(self) -> None:
        self.run(self._restarted())

    async def _restarted(self) -> None:
        await self.world.close()
        await self.world.open()
        await self._as_live(self.world.settle())
        await self.world.look()

    @precondition(lambda self: bool(self.world.buttons()))
    @rule(data=st.data(), kinds=st.sampled_from([("publish", "put-back", "clear"), ("click",), ("delivery",)]))
    def press_and_die(self, data: st.DataObject, kinds: Sequence[str]) -> None:
        """A decision, and the process ends in the midst of what follows from it; then it is started again."""
        button, message, there = data.draw(st.sampled_from(self.world.buttons()[-6:]))
        self.world.number += 1
        key, person = f"click:{self.world.number}", _decider(self.world, there)
        click = ButtonClicked(key, there, person, button.id, message, "t", self.world.clock.now())
        self.run(self._as_live(self.world.cut_off(click, kinds)))
        self.restart()

    @rule()
    def suspend_all(self) -> None:
        """As `apprentice skills suspend --all` does: no chat is told."""

        async def suspended() -> None:
            refs = await self._live_refs()
            self.laws.silent |= set(refs)

            def work(connection: Connection) -> None:
                for ref in refs:
                    event = Event("suspended", ref, None, origin="command line")
                    life.suspend(connection, ref, BY_A_PERSON, self.world.clock.now().timestamp(), event)

            await self.world.store.write(Commit.FINISH, work)

        self.run(suspended())

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "laws"):
            self.run(self.laws.hold())


def _ref(place: Path) -> SkillRef:
    return SkillRef(place.name, folder.digest(folder.read(place)))


def _folders(world: World) -> list[str]:
    return sorted(path.name for path in world.root.iterdir() if not path.name.startswith("."))


def _decider(world: World, there: Conversation) -> Person:
    return next((person for person in PEOPLE if may_decide(world, there, person.id)), PEOPLE[0])
