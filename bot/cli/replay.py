"""`apprentice replay`: what a skill would have called, beside what was called."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.trace_file import File, reading, told
from bot.domain.json import JSON
from bot.domain.skill import Procedure
from bot.errors import ConfigError
from bot.learning import mining
from bot.learning.mining import Match, Replay, Replayed
from bot.skills import folder, format


def replay(
    skill: Annotated[Path, typer.Argument(help="A skill's folder.")],
    file: File,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put a skill's calls beside the recorded ones, in the tasks that it was not learned from.

    The status is 1 if it would have made other calls somewhere, or a line of the file was refused.
    """
    procedure = _procedure(skill)
    with mining.uncollected(), reading(file) as reader:
        share, matches = mining.replay(procedure, reader)
    if as_json:
        typer.echo(json.dumps({"replay": shares(share), "matches": [_match(match) for match in matches]}, indent=2))
    else:
        typer.echo("\n".join([sentence(share), *(line for match in matches for line in _lines(match))]))
    if told(file, reader) or not all(match.exact for match in matches):
        raise typer.Exit(1)


def shares(replay: Replay) -> dict[str, JSON]:
    """The figures of a replay, as JSON has them."""
    return {name: round(value, 4) for name, value in asdict(replay).items()}


def sentence(replay: Replay) -> str:
    """The figures of a replay, for people."""
    if not replay.matches:
        return "Its tools follow one another nowhere in tasks that it was not learned from: nothing to replay."
    return (
        f"replayed at {replay.matches} places: {replay.exact:.0%} the same calls, {replay.bindable:.0%} of parameters "
        f"known, {replay.determined:.0%} of arguments determined, {replay.commit:.0%} of first calls followed"
    )


def difference(match: Match) -> str | None:
    """The first call in which the skill and the record differ, and how; None where it makes the recorded calls."""
    missed = next((call for call in match.calls if call.recorded is not None and call.reproduced is None), None)
    if missed is None:
        return None
    beside = (call.reproduced for call in match.calls if call.step == missed.step and call.recorded is None)
    made: JSON = next(beside, None)
    if made is None:
        return f"step {missed.step}: the skill makes no such call of {missed.tool}"
    names = [name for name in {**missed.recorded, **made} if _part(missed.recorded, name) != _part(made, name)]
    ways = (f"{name} was {_part(missed.recorded, name)}, the skill gives {_part(made, name)}" for name in names)
    return f"step {missed.step}: {'; '.join(ways)}"


def _procedure(path: Path) -> Procedure:
    if not path.is_dir():
        raise ConfigError(f"{path} is no folder: give the folder of a skill.")
    procedure = format.parse(path.resolve().name, folder.read(path)).procedure
    if procedure is None or not any(step.tool for step in procedure.steps):
        raise ConfigError(f"{path.name} has no procedure that calls a tool: there is nothing to replay.")
    return procedure


def _match(match: Match) -> JSON:
    return {
        "trace": match.trace,
        "exact": match.exact,
        "parameters": {bound.name: {"value": bound.value, "from": bound.source} for bound in match.bound},
        "difference": difference(match),
        "calls": [asdict(call) for call in match.calls],
    }


def _lines(match: Match) -> Iterator[str]:
    yield f"{match.trace}: {'the same calls' if match.exact else 'NOT the same calls'}"
    for bound in match.bound:
        yield f"    {bound.name} {_json(bound.value)} ({bound.source or 'nobody knew it by then'})"
    for call in match.calls:
        yield f"  {_sign(call)} {call.step}: {call.tool} {_json(call.reproduced or call.recorded)}"
    if (found := difference(match)) is not None:
        yield f"    differs first in {found}"


def _sign(call: Replayed) -> str:
    """As in a diff from the record to the skill."""
    if call.recorded is None:
        return "+"
    return "-" if call.reproduced is None else "="


def _part(arguments: Mapping[str, JSON], name: str) -> str:
    return _json(arguments[name]) if name in arguments else "left out"


def _json(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)
