"""How a task ended: evidence from outside the model first, people's words next, behaviour last."""

import structlog

from bot.domain.chat import ButtonClicked
from bot.domain.trace import Outcome, Source
from bot.ports import Clock
from bot.store import conversations, journal, skills, tasks, turns
from bot.store.buttons import Meaning
from bot.store.journal import Entry
from bot.store.skills import Use
from bot.store.store import Connection, Effect, Store
from bot.store.tasks import Evidence, Task
from bot.store.turns import NewTurn, Turn

log = structlog.get_logger()
STRENGTH: tuple[Source, ...] = ("verifier", "feedback", "behaviour", "judge")
"""Sources of evidence, the strongest first; a weaker one never overrules a stronger."""
THUMBS = {"up": "success", "down": "failure"}


class Outcomes:
    """Closes tasks, and takes people's thumbs. `learn_after`: closed tasks of a scope that start a cycle; 0: none."""

    def __init__(self, store: Store, clock: Clock, learn_after: int) -> None:
        self._store = store
        self._clock = clock
        self._learn_after = learn_after

    async def close(self, turn: Turn) -> Effect:
        """Close a task with its outcome; void if it was to close for quiet and a newer message came."""
        return lambda connection: self._close(connection, turn)

    async def feedback(self, click: ButtonClicked, meaning: Meaning) -> tuple[str, Effect]:
        """A thumb under an answer: evidence for its task, which it ends."""
        answered = int(meaning.subject)
        task = await self._store.read(lambda connection: tasks.of_turn(connection, answered))
        if task is None:
            return "That piece of work is gone.", lambda _: None

        def effect(connection: Connection) -> None:
            now = self._clock.now().timestamp()
            text = f"{click.person.name or click.person.id} pressed thumbs {meaning.action}."
            given = Evidence("feedback", THUMBS[meaning.action], text, click.person.id)
            tasks.testify(connection, task.id, given, now)
            key = f"close:{task.id}:{click.key}"
            payload = {"task": task.id, "why": "feedback"}
            turns.enqueue(connection, NewTurn(key, key, "close", payload, task.conversation), now)

        return "Thank you: I count that.", effect

    def _close(self, connection: Connection, turn: Turn) -> None:
        task = tasks.task(connection, turn.payload["task"])
        quiet = turn.payload["why"] == "quiet"
        if quiet and (task.closed or task.last_turn != turn.payload["after"] or _busy(connection, task)):
            return
        now = self._clock.now().timestamp()
        outcome = fuse(_observed(connection, task) + tasks.evidence_of(connection, task.id))
        tasks.close(connection, task.id, outcome, now)
        log.info("task.closed", task=task.id, why=turn.payload["why"], status=outcome.status, source=outcome.source)
        count = tasks.unmined(connection).get(task.scope, 0)
        if self._learn_after and count >= self._learn_after:
            mine = NewTurn(f"mine:{task.scope}:{task.id}", "job:mine", "mine", {"scope": task.scope})
            turns.enqueue(connection, mine, now)


def fuse(evidence: list[Evidence]) -> Outcome:
    """The verdict of the strongest source that spoke; among its own voices one failure is enough."""
    for source in STRENGTH:
        spoken = [given for given in evidence if given.source == source]
        if spoken:
            failed = [given for given in spoken if given.verdict == "failure"]
            deciding = (failed or spoken)[-1]
            return Outcome("failure" if failed else "success", source, deciding.text)
    return Outcome()


def _busy(connection: Connection, task: Task) -> bool:
    return turns.busy(connection, conversations.find(connection, task.conversation).lane) > 0


def _observed(connection: Connection, task: Task) -> list[Evidence]:
    """What the task's own record shows: verdicts of skills' checks, and tool errors that nothing repaired."""
    ids = tasks.turns_of(connection, task.id)
    found = [_verified(use) for use in skills.uses_in(connection, ids) if use.checks]
    calls = [entry for entries in journal.entries(connection, ids).values() for entry in entries if entry.name]
    return found + _unrepaired(calls)


def _verified(use: Use) -> Evidence:
    held = all(use.checks) and use.status == "done"
    words = "held" if held else "did not all hold"
    return Evidence("verifier", "success" if held else "failure", f"The checks of the skill {use.ref.name} {words}.")


def _unrepaired(calls: list[Entry]) -> list[Evidence]:
    last = {entry.name: entry.status for entry in calls}
    broken = sorted(name for name, status in last.items() if status == "failed")
    return [Evidence("behaviour", "failure", f"The last call of {name} failed.") for name in broken]
