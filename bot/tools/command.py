"""`run_command`: a program of the operator's list, shut in by bubblewrap, with its arguments as they are: no shell."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field

from bot.apprentice_toml import Commands
from bot.domain.json import JSON
from bot.domain.text import clean
from bot.domain.tool import Tool, ToolResult
from bot.errors import ConfigError, ToolError
from bot.ports import ToolContext, ToolSource
from bot.settings import Settings
from bot.tools.arguments import Arguments, schema_of, validated
from bot.tools.names import FILES, folder_of
from bot.tools.process import NotStarted, run
from bot.tools.sandbox import found, limited, limiter, prepared

OVERTIME = 124
"""The exit code of a command whose time was over, as coreutils' `timeout` gives it."""
BY_SIGNAL = 128
"""What shells add to the number of the signal that ended a program."""
MEGABYTE = 2**20


class _Command(Arguments):
    command: list[str] = Field(min_length=1)


class CommandTool:
    """Runs commands in the folder `workspace`. Raises ConfigError where they cannot be run as the table says."""

    def __init__(self, table: Commands, workspace: Path, hidden: Sequence[Path]) -> None:
        self._table = table
        self._workspace = workspace.resolve()
        self._programs = _programs(table.programs)
        self._limiter, self._memory = limiter(), table.memory_mb * MEGABYTE
        self._sandbox = prepared(self._memory, hidden) if table.sandbox == "bubblewrap" else None

    async def tools(self, context: ToolContext) -> Sequence[Tool]:
        """The one tool; without a sandbox it may change whatever the bot's user may."""
        described = f"Run a program in the workspace: {', '.join(self._programs)}. No shell"
        return (Tool("run_command", described, schema_of(_Command), outside=self._sandbox is None),)

    async def call(self, name: str, arguments: dict[str, JSON], context: ToolContext) -> ToolResult:
        """Run it to its end, or to the end of its time. Raises ToolError for what cannot be run."""
        program, *given = validated(_Command, arguments).command
        if (path := self._programs.get(program)) is None:
            raise ToolError(f"{program} is not among the programs that may be run: {', '.join(self._programs)}.")
        command = self._shut_in([path, *given], folder_of(context.conversation))
        try:
            ended = await run(command, self._workspace, self._table.seconds, self._table.output_kb * 1024)
        except NotStarted as error:
            raise ToolError(f"{program}: {error}.") from None
        printed = {"stdout": clean(ended.stdout.text), "stderr": clean(ended.stderr.text)}
        if ended.status is None:
            printed["stderr"] += f"\n[ended after {self._table.seconds:g} seconds]"
        return ToolResult({"exit_code": _exit_code(ended.status), **printed})

    def _shut_in(self, command: Sequence[str], own: str) -> list[str]:
        if self._sandbox is None:
            return limited(self._limiter, self._memory, command)
        for folder in (self._workspace / FILES, self._workspace / FILES / own):
            folder.mkdir(exist_ok=True)
            if folder.is_symlink():
                raise ToolError(f"{folder.name} in the workspace is a link: the operator must take it away.")
        return self._sandbox.around(command, self._workspace, own)


def command_tools(settings: Settings) -> Sequence[ToolSource]:
    """The tool, where the operator has named programs. Raises ConfigError."""
    table = settings.tables.commands
    return (CommandTool(table, settings.workspace_folder, settings.own_folders),) if table.programs else ()


def _programs(names: Sequence[str]) -> Mapping[str, str]:
    """Where the programs lie. Raises ConfigError with a sentence for each that is nowhere."""
    paths = {name: found(name) for name in names}
    if missing := [name for name, path in paths.items() if path is None]:
        raise ConfigError(
            *(f"apprentice.toml, commands: there is no program {name} in the system's folders." for name in missing)
        )
    return {name: path for name, path in paths.items() if path is not None}


def _exit_code(status: int | None) -> int:
    if status is None:
        return OVERTIME
    return status if status >= 0 else BY_SIGNAL - status
