"""What must hold of skills, whatever happened: told by what stands in the database, the folders and the chats."""

import re
from collections import Counter
from dataclasses import replace
from math import ceil

from bot.domain.chat import Conversation
from bot.domain.skill import Skill, SkillRef
from bot.errors import SkillInvalid
from bot.learning.remembered import MORE
from bot.skills import folder, format
from bot.store import conversations, lives, tables
from tests.learning.lives_world import ALONE, HOMES, Row, World, may_decide

BROKE = "Something in me broke"
BACK = ("restored", "rolled-back")
OF_STATE = {"suspended": ("suspended",), "evicted": ("evicted",), "trusted": ("trusted",), "live": BACK}
"""The events of which one must be on record when a version comes into a state."""


class Laws:
    """What was seen of a world before, so that it can be told what changed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.decided: dict[str, Row] = {}
        self.audit: list[Row] = []
        self.lives: dict[SkillRef, Row] = {}
        self.known: dict[str, set[str | None]] = {}
        self.uses = self.seen = 0
        self.counted: dict[SkillRef, int] = {}
        self.silent: set[SkillRef] = set()
        self.could_run: set[str] = set()

    async def hold(self) -> None:
        """Look at the world, and at each law."""
        await self.read()
        for law in (
            self.nothing_broke,
            self.live_is_what_may_be,
            self.audit_grows,
            self.decisions_stay,
            self.nothing_unwanted_comes_again,
            self.scopes_are_apart,
            self.nothing_is_posted_twice,
            self.states_are_told,
            self.uses_are_of_what_was_live,
        ):
            await law()

    async def read(self) -> None:
        self.proposals = await self.world.rows(tables.proposals)
        self.meanings = {row["id"]: row for row in await self.world.rows(tables.buttons)}

    async def nothing_broke(self) -> None:
        broken = [row for row in await self.world.rows(tables.turns) if (row["error"] or "").startswith(BROKE)]
        assert broken == []

    async def live_is_what_may_be(self) -> None:
        library = self.world.app.library
        for scope in (None, *(home.scope for home in (*HOMES.values(), *ALONE))):
            expected = await self.world.live(scope)
            assert [entry.name for entry in await library.live(scope)] == sorted(expected), scope
            assert scope is None or all(skill.scope in (None, scope) for skill in expected.values())
        events = await self.world.rows(tables.audit)
        for entry in await library.live(None):
            approved = [row for row in events if row["action"] == "approved" and is_of(row, entry.ref)]
            assert approved, f"{entry.name} is live and nobody approved it"
            assert all([await self._could_decide(row) for row in approved])
            assert entry.skill is not None
            assert _told_again(entry.skill)

    async def _could_decide(self, event: Row) -> bool:
        """Of the chat that an approval belongs to."""
        ref = SkillRef(event["name"], event["digest"])
        keys = {str(row["conversation"]) for row in self.proposals if is_of(row, ref)}
        homes = [await self.world.store.read(lambda c, key=key: conversations.find(c, key)) for key in keys]  # type: ignore[misc]  # a lambda's default
        return any(may_decide(self.world, home, str(event["person"])) for home in homes)

    async def audit_grows(self) -> None:
        now = await self.world.rows(tables.audit)
        assert now[: len(self.audit)] == self.audit
        self.new_events, self.audit = now[len(self.audit) :], now

    async def decisions_stay(self) -> None:
        for row in self.proposals:
            before = self.decided.get(row["id"])
            now = {key: row[key] for key in ("state", "decided_by", "decided_at", "name", "digest")}
            assert before in (None, now)
            if row["state"] != "pending":
                self.decided[row["id"]] = now
            files = {path: content.encode("latin-1") for path, content in row["files"].items()}
            if files:
                assert folder.digest(files) == row["digest"]
                skill = format.parse(row["name"], files)
                assert _told_again(skill)
        decisions = Counter(
            (row["name"], row["digest"], row["action"]) for row in self.audit if row["action"] == "approved"
        )
        made = Counter((row["name"], row["digest"], row["state"]) for row in self.proposals)
        assert all(count <= made[which] for which, count in decisions.items())

    async def nothing_unwanted_comes_again(self) -> None:
        last: dict[tuple[str, str], Row] = {}
        for row in sorted(self.proposals, key=lambda row: (row["created"], row["decided_at"] or 9e9)):
            if row["kind"] in ("folder", "edited"):
                continue
            which = (row["scope"], row["fingerprint"])
            before = last.get(which)
            if before is not None and before["state"] != "superseded":
                again = before["state"] == "expired" or before["reason"] == "later"
                assert again, f"{row['name']} was {before['state']} ({before['reason']}) and came again"
                seen = before["evidence"].get("tasks", 0)
                taught = row["evidence"].get("tasks") == 1
                assert taught or row["evidence"]["tasks"] >= max(seen + 1, ceil(MORE * seen))
            last[which] = row

    async def scopes_are_apart(self) -> None:
        for row in (*self.proposals, *await self.world.rows(tables.versions)):
            self.known.setdefault(row["name"], set()).add(_scope(row))
        for message in self.world.posted():
            self._apart(message.conversation, message.text + " ".join(b.label for r in message.buttons for b in r))
        for said, tools in self.world.clerk.asked:
            home = next((home for place, home in HOMES.items() if f" {place}" in said), None)
            for name in self.known:
                if home is not None and f"skill_{name.replace('-', '_')}" in tools:
                    assert self.known[name] & {None, home.scope}, f"{name} was offered in {home.key}"
        self.world.clerk.asked.clear()

    def _apart(self, there: Conversation, text: str) -> None:
        if there.scope.removeprefix("slack:T1/") in " ".join(self.world.reviewers):
            return  # who is asked alone reads of the chats that they decide for
        for place, home in HOMES.items():
            assert home.scope == there.scope or f"{place}/" not in text, f"{place} stands in {there.key}: {text}"
        for name, scopes in self.known.items():
            if not scopes & {None, there.scope}:
                assert not re.search(rf"(?<![\w-]){name}(?![\w-])", text), f"{name} stands in {there.key}: {text}"

    async def nothing_is_posted_twice(self) -> None:
        cards, shows = Counter[str](), Counter[str]()
        sent = [message for chat in self.world.chats.values() for message in chat.sent]
        for button in (button for message in sent for row in message.buttons for button in row):
            meant = self.meanings[button.id]
            if meant["kind"] == "proposal":
                cards[meant["subject"]] += meant["action"] == "approve"
                shows[meant["subject"]] += meant["action"] == "show"
        for id, count in cards.items():
            assert count <= 1 + shows[id], f"the card of {id} was posted {count} times"

    async def states_are_told(self) -> None:
        rows = {SkillRef(row["name"], row["digest"]): row for row in await self.world.rows(tables.lives)}
        posted = self.world.posted()
        newest = max((row["id"] for row in await self.world.rows(tables.uses)), default=0)
        for ref, row in rows.items():
            before = self.lives.get(ref)
            if before is not None and before["state"] == row["state"]:
                continue
            events = [event for event in self.new_events if is_of(event, ref)]
            assert {event["action"] for event in events} & set(OF_STATE[row["state"]]), f"{ref}: {row['state']}"
            if row["state"] == "live":
                self.counted[ref] = newest
            if ref not in self.silent:
                assert any(ref.name in message.text for message in posted[self.seen :]), f"{ref}: {row['state']}"
        self.lives, self.seen, self.silent = rows, len(posted), set()

    async def uses_are_of_what_was_live(self) -> None:
        rows = await self.world.rows(tables.uses)
        for row in rows[self.uses :]:
            assert str(SkillRef(row["name"], row["digest"])) in self.could_run
        self.uses = len(rows)
        self.could_run = set()
        for ref in {SkillRef(row["name"], row["digest"]) for row in rows}:
            expected = [row["verdict"] for row in rows if is_of(row, ref) and row["id"] > self.counted.get(ref, 0)]
            assert await self.world.store.read(lambda c, ref=ref: lives.verdicts(c, ref)) == expected  # type: ignore[misc]  # the same


def is_of(row: Row, ref: SkillRef) -> bool:
    return (row["name"], row["digest"]) == (ref.name, ref.digest)


def _scope(row: Row) -> str | None:
    """Where the version of a proposal or an approval may be seen: everywhere is None."""
    files = {path: content.encode("latin-1") for path, content in row["files"].items()}
    try:
        return format.parse(row["name"], files).scope
    except SkillInvalid:  # its files were erased
        return str(row["scope"])


def _told_again(skill: Skill) -> bool:
    """Whether files say of a skill what it is. The words of a procedure's `SKILL.md` are made of it, not kept."""
    again = format.parse(skill.name, format.render(skill))
    return replace(again, body="") == replace(skill, body="")
