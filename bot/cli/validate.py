"""`apprentice skills validate DIR…`: every problem of some skill folders, without a database."""

import os
import re
from pathlib import Path

import typer

from bot.errors import SkillInvalid
from bot.skills import folder, format


def validate(folders: list[Path]) -> int:
    """Print each problem as `file:line: sentence`, as linters do; silence and 0 if there is none, else 1."""
    found = [line for path in folders for line in _problems(path)]
    for line in found:
        typer.echo(line)
    return 1 if found else 0


def _problems(path: Path) -> list[str]:
    try:
        # The name as it was written, so that `.` has one and a link is not taken for what it points at.
        format.parse(os.path.basename(os.path.abspath(path)), folder.read(path))
    except SkillInvalid as error:
        return [
            f"{path}/{problem}" if re.match(r"[^\s:]+:\d+: ", problem) else f"{path}: {problem}"
            for problem in error.problems
        ]
    return []
