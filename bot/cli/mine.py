"""`apprentice mine` and `apprentice replay`: the miner on a file of traces, beside any database."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.wording import worded
from bot.domain.json import JSON
from bot.domain.skill import Procedure, Skill
from bot.domain.text import free
from bot.domain.trace import Trace
from bot.errors import ConfigError
from bot.learning import mining, traces
from bot.learning.mining import Candidate, Explanation, Match, Refusal, Replay
from bot.settings import load
from bot.skills import folder, format

File = Annotated[Path, typer.Option("--traces", help="Traces, one a line, as FORMAT.md has them.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def mine(
    file: File,
    out: Annotated[Path, typer.Option("--out", help="The folder for the skills: empty, or not there yet.")],
    scope: Annotated[str, typer.Option("--scope", help="The scope of traces that name none.")] = "local",
    no_model: Annotated[bool, typer.Option("--no-model", help="Take names and words from the tools.")] = False,
    as_json: Json = False,
) -> None:
    """Find repeated procedures in a file of traces and write each as a skill folder. Touches no database."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is not empty: give --out a folder that is, or that is not there yet.")
    start = time.monotonic()
    found = _read(file, scope)
    scopes = _by_scope(found.traces)
    found = replace(found, traces=())
    reports = {where: mining.mine(_let_go(there)) for where, there in scopes.items()}
    out.mkdir(parents=True, exist_ok=True)
    candidates = [(where, candidate) for where, report in reports.items() for candidate in report.skills]
    skills = [
        Skill(candidate.name, candidate.description, candidate.procedure, where if where in found.scoped else None)
        for where, candidate in candidates
    ]
    if not no_model:
        skills = asyncio.run(worded(load(), skills))
    named: dict[str, Candidate] = {}
    for skill, (_, candidate) in zip(skills, candidates, strict=True):
        name = free(skill.name, named, "-")
        named[name] = candidate
        folder.write(out / name, format.render(replace(skill, name=name)))
    refused = [refusal for report in reports.values() for refusal in report.refused]
    told = {
        "traces": sum(report.traces for report in reports.values()),
        "tasks": sum(report.tasks for report in reports.values()),
        "seconds": round(time.monotonic() - start, 3),
        "skills": [_skill(name, candidate) for name, candidate in named.items()],
        "refused": [_refusal(refusal) for refusal in refused],
    }
    typer.echo(json.dumps(told, indent=2) if as_json else _lines(named, refused))
    _end(found)


def replay(skill: Annotated[Path, typer.Argument(help="A skill's folder.")], file: File, as_json: Json = False) -> None:
    """Put a skill's calls beside the recorded ones, in the tasks that it was not learned from."""
    found = _read(file, "local")
    share, matches = mining.replay(_procedure(skill), found.traces)
    if as_json:
        typer.echo(json.dumps({"replay": _shares(share), "matches": [_match(match) for match in matches]}, indent=2))
    else:
        typer.echo("\n".join([_told(share), *(line for match in matches for line in _beside(match))]))
    _end(found)


def _read(file: Path, scope: str) -> traces.TraceFile:
    try:
        with file.open("rb") as lines:
            return traces.read(lines, scope)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error


def _end(found: traces.TraceFile) -> None:
    """Tell of refused lines; status 1 says that there were some."""
    for problem in found.problems:
        typer.echo(problem, err=True)
    if found.problems:
        raise typer.Exit(1)


def _by_scope(found: Iterable[Trace]) -> dict[str, list[Trace]]:
    """What one scope's people did never shows in another's skills: scopes are mined apart."""
    scopes: dict[str, list[Trace]] = defaultdict(list)
    for trace in found:
        scopes[trace.scope].append(trace)
    return dict(sorted(scopes.items()))


def _let_go(traces: list[Trace]) -> Iterator[Trace]:
    """Traces to be looked at once: what mining keeps of them is less than half."""
    while traces:
        yield traces.pop()


def _procedure(path: Path) -> Procedure:
    if not path.is_dir():
        raise ConfigError(f"{path} is no folder: give the folder of a skill.")
    procedure = format.parse(path.resolve().name, folder.read(path)).procedure
    if procedure is None or not any(step.tool for step in procedure.steps):
        raise ConfigError(f"{path.name} has no procedure that calls a tool: there is nothing to replay.")
    return procedure


def _skill(name: str, candidate: Candidate) -> JSON:
    return {
        "name": name,
        "tools": [step.tool for step in candidate.procedure.steps],
        "support": candidate.support,
        "tasks": candidate.tasks,
        "saves_calls": candidate.saves_calls,
        "replay": _shares(candidate.replay),
        "explained": {key: _explanation(found) for key, found in candidate.explained.items()},
    }


def _explanation(found: Explanation) -> JSON:
    refused = [{"kind": each.kind, "from": each.origin, "reason": each.reason} for each in found.refused]
    return {"kind": found.kind, "from": found.origin, "supports": found.supports, "refused": refused}


def _refusal(refusal: Refusal) -> JSON:
    return {"tools": refusal.tools, "support": refusal.support, "reasons": refusal.reasons}


def _shares(replay: Replay) -> dict[str, JSON]:
    return {name: round(value, 4) for name, value in asdict(replay).items()}


def _match(match: Match) -> JSON:
    return {"trace": match.trace, "exact": match.exact, "calls": [asdict(call) for call in match.calls]}


def _lines(named: dict[str, Candidate], refused: Sequence[Refusal]) -> str:
    lines = []
    for name, found in named.items():
        lines += [
            f"{name}: {found.description}",
            f"  seen in {found.tasks} tasks, saves {found.saves_calls} calls a time",
        ]
        lines.append(f"  {_told(found.replay)}")
    for refusal in refused:
        lines.append(f"refused {' > '.join(refusal.tools)} (in {len(refusal.support)} traces):")
        lines += [f"  {reason}" for reason in refusal.reasons]
    return "\n".join(lines or ["Nothing repeats here."])


def _told(replay: Replay) -> str:
    return (
        f"replayed at {replay.matches} places: {replay.exact:.0%} the same calls, {replay.bindable:.0%} of parameters "
        f"known, {replay.determined:.0%} of arguments determined, {replay.commit:.0%} of first calls followed"
    )


def _beside(match: Match) -> list[str]:
    lines = [f"{match.trace}: {'the same calls' if match.exact else 'NOT the same calls'}"]
    for call in match.calls:
        recorded, reproduced = (
            json.dumps(told) if told is not None else "-" for told in (call.recorded, call.reproduced)
        )
        lines.append(f"  {call.step} {call.tool} recorded {recorded} reproduced {reproduced}")
    return lines
