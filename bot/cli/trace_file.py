"""A file of traces that was given on the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ConfigError
from bot.learning.traces import Reader

File = Annotated[Path, typer.Option("--traces", help="Traces, one a line, as FORMAT.md has them.")]


@contextmanager
def reading(file: Path, scope: str = "local") -> Iterator[Reader]:
    """Open a file to be read line by line. Raises ConfigError if it cannot be."""
    try:
        with file.open("rb") as lines:
            yield Reader(lines, scope)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error


def told(file: Path, reader: Reader) -> bool:
    """Tell of each refused line as linters do, on stderr; whether there was one."""
    for problem in reader.problems:
        typer.echo(f"{file}:{problem.line}: {problem.reason}", err=True)
    return bool(reader.problems)
