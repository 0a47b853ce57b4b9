"""The tools that every bot has."""

from collections.abc import Sequence
from pathlib import Path

from bot.ports import Clock, ToolSource
from bot.skills.library import Library
from bot.store.store import Store
from bot.tools.clock import ClockTool
from bot.tools.files import FileTools
from bot.tools.sending import SendingTool
from bot.tools.skills import SkillTools


def builtin(workspace: Path, outgoing: Path, clock: Clock, library: Library, store: Store) -> Sequence[ToolSource]:
    """Tools for files in `workspace` (`outgoing` holds what is being sent), the time, and the bot's skills."""
    return (
        FileTools(workspace),
        SendingTool(workspace, outgoing, clock, store),
        ClockTool(clock),
        SkillTools(library, store, clock),
    )
