"""`apprentice mine`: the miner on a file of traces, beside any database."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.replay import sentence, shares
from bot.cli.trace_file import File, reading, told
from bot.cli.wording import worded
from bot.domain.json import JSON
from bot.domain.skill import Skill
from bot.domain.text import free
from bot.errors import ConfigError
from bot.learning import mining
from bot.learning.mining import Candidate, Contribution, Explanation, Refusal, Report, contribute
from bot.learning.traces import Reader
from bot.settings import load
from bot.skills import folder, format


def mine(
    file: File,
    out: Annotated[Path, typer.Option("--out", help="The folder for the skills: empty, or not there yet.")],
    scope: Annotated[str, typer.Option("--scope", help="The scope of traces that name none.")] = "local",
    no_model: Annotated[bool, typer.Option("--no-model", help="Take names and words from the tools.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find repeated procedures in a file of traces and write each as a skill folder. Touches no database."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is not empty: give --out a folder that is, or that is not there yet.")
    start = time.monotonic()
    reader, reports = _mined(file, scope)
    out.mkdir(parents=True, exist_ok=True)
    named = _written(out, reader, reports, by_model=not no_model)
    refused = [refusal for report in reports.values() for refusal in report.refused]
    found = {
        "traces": sum(report.traces for report in reports.values()),
        "tasks": sum(report.tasks for report in reports.values()),
        "seconds": round(time.monotonic() - start, 3),
        "skills": [_skill(name, candidate) for name, candidate in named.items()],
        "refused": [_refusal(refusal) for refusal in refused],
    }
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(_lines(named, refused)))
    if told(file, reader):
        raise typer.Exit(1)


def _mined(file: Path, scope: str) -> tuple[Reader, dict[str, Report]]:
    """What one scope's people did never shows in another's skills: scopes are mined apart."""
    scopes: dict[str, list[Contribution]] = defaultdict(list)
    with mining.uncollected(), reading(file, scope) as reader:
        for trace in reader:
            scopes[trace.scope].append(contribute(trace))
    return reader, {where: mining.mine_gathered(scopes.pop(where)) for where in sorted(scopes)}


def _written(out: Path, reader: Reader, reports: dict[str, Report], *, by_model: bool) -> dict[str, Candidate]:
    """What was found, by the names of the folders that it was written to."""
    candidates = [(where, candidate) for where, report in reports.items() for candidate in report.skills]
    skills = [
        Skill(candidate.name, candidate.description, candidate.procedure, where if where in reader.scoped else None)
        for where, candidate in candidates
    ]
    if by_model:
        writes = [candidate.writes for _, candidate in candidates]
        skills = asyncio.run(worded(load(), list(zip(skills, writes, strict=True))))
    named: dict[str, Candidate] = {}
    for skill, (_, candidate) in zip(skills, candidates, strict=True):
        name = free(skill.name, named, "-")
        named[name] = candidate
        folder.write(out / name, format.render(replace(skill, name=name)))
    return named


def _skill(name: str, candidate: Candidate) -> JSON:
    return {
        "name": name,
        "tools": [step.tool for step in candidate.procedure.steps],
        "support": candidate.support,
        "tasks": candidate.tasks,
        "saves_calls": candidate.saves_calls,
        "replay": shares(candidate.replay),
        "explained": {key: _explanation(found) for key, found in candidate.explained.items()},
    }


def _explanation(found: Explanation) -> JSON:
    refused = [{"kind": each.kind, "from": each.origin, "reason": each.reason} for each in found.refused]
    return {"kind": found.kind, "from": found.origin, "supports": found.supports, "refused": refused}


def _refusal(refusal: Refusal) -> JSON:
    return {"tools": refusal.tools, "support": refusal.support, "reasons": refusal.reasons}


def _lines(named: dict[str, Candidate], refused: Sequence[Refusal]) -> Iterator[str]:
    for name, found in named.items():
        yield f"{name}: {found.description}"
        yield f"  seen in {found.tasks} tasks, saves {found.saves_calls} calls a time"
        yield f"  {sentence(found.replay)}"
        for argument, explanation in found.explained.items():
            yield f"  {argument}: {explanation.origin} ({explanation.kind}, in {explanation.supports} places)"
            yield from (f"    not {other.origin} ({other.kind}): {other.reason}" for other in explanation.refused)
    for refusal in refused:
        yield f"refused {' > '.join(refusal.tools)} (in {len(refusal.support)} traces):"
        yield from (f"  {reason}" for reason in refusal.reasons)
    if not named and not refused:
        yield "Nothing repeats here."
