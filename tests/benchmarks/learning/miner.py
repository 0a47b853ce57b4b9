"""Another miner in the place of the bot's own: a command that reads traces and writes skill folders (FORMAT.md)."""

import asyncio
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from bot.app import App
from bot.domain.json import JSON
from bot.domain.skill import Skill, SkillRef
from bot.domain.trace import Trace
from bot.errors import Refused
from bot.learning import collect, traces
from bot.learning.mining import fingerprint
from bot.skills import folder, format
from bot.store import skills, tasks
from bot.store.commits import Commit
from bot.store.skills import Approval
from bot.store.store import Connection
from tests.benchmarks.learning.lived import Cycle
from tests.benchmarks.learning.room import REVIEWER, SCOPE
from tests.benchmarks.learning.workplace import Workplace

LEARN_AFTER = 10
"""Tasks after which there is a cycle of learning."""


@dataclass(frozen=True, slots=True)
class Found:
    """A skill that is proposed, its files, and the evidence: `tasks`, `people`, `verified`, `writes`."""

    skill: Skill
    files: Mapping[str, bytes]
    evidence: Mapping[str, JSON]


@dataclass
class Miner:
    """Runs `command`; in it `{traces}` is the file to read (on standard input too), `{out}` the folder to fill."""

    command: str
    cycles: list[Cycle] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    async def found(self, app: App, workplace: Workplace) -> list[Found]:
        """What is found in all closed tasks so far and was not found before.

        Raises Refused when the command fails, SkillInvalid for a folder that breaks the format.
        """
        done = await app.store.read(lambda connection: _closed(connection, workplace))
        began = monotonic()
        with tempfile.TemporaryDirectory() as place:
            written = await self._run(Path(place), done)
        self.cycles.append(Cycle(0, monotonic() - began))
        new = []
        for skill in written:
            mark = fingerprint(skill.procedure) if skill.procedure else skill.name
            if mark not in self._known:
                self._known.add(mark)
                here = replace(skill, scope=SCOPE)
                new.append(Found(here, format.render(here), _evidence(skill, done, workplace)))
        return new

    async def _run(self, place: Path, done: Sequence[Trace]) -> list[Skill]:
        file, out = place / "traces.jsonl", place / "skills"
        with file.open("w", encoding="utf-8") as lines:
            traces.write(done, lines)
        command = [part.format(traces=file, out=out) for part in shlex.split(self.command)]
        with file.open("rb") as lines:
            process = await asyncio.create_subprocess_exec(*command, stdin=lines, stdout=asyncio.subprocess.DEVNULL)
        if await process.wait():
            raise Refused(f"The miner ended with status {process.returncode}: {self.command}")
        folders = folder.folders(out) if out.exists() else []
        return [format.parse(path.name, folder.read(path)) for path in folders]


async def publish(app: App, found: Found, now: float) -> None:
    """Let a skill go live, as an approved card does."""
    ref = SkillRef(found.skill.name, folder.digest(found.files))
    approval = Approval(ref, SCOPE, found.files, REVIEWER.name, now)
    await app.store.write(Commit.APPROVE, lambda connection: skills.approve(connection, approval))
    await app.library.publish(approval)


def _closed(connection: Connection, workplace: Workplace) -> list[Trace]:
    ids = [task.id for task in tasks.closed_tasks(connection, SCOPE, collect.MOST)]
    return collect.own(connection, ids, [each.tool for each in workplace.natives.values()])


def _evidence(skill: Skill, done: Sequence[Trace], workplace: Workplace) -> Mapping[str, JSON]:
    """Counted over the tasks that the skill says it was learned from."""
    learned = set(skill.procedure.provenance.tasks) if skill.procedure else set()
    support = [trace for trace in done if trace.task in learned]
    used = {step.tool for step in skill.procedure.steps} if skill.procedure else set()
    return {
        "tasks": len(support),
        "people": len({trace.person for trace in support}),
        "verified": sum(trace.outcome.status == "success" for trace in support),
        "writes": sorted(name for name, each in workplace.natives.items() if name in used and not each.tool.reads),
    }
