"""The tools that every bot has."""

from collections.abc import Sequence
from pathlib import Path

from bot.ports import Clock, ToolSource
from bot.skills.library import Library
from bot.store.store import Store
from bot.tools.clock import ClockTool
from bot.tools.files import FileTools
from bot.tools.skills import SkillTools


def builtin(workspace: Path, clock: Clock, library: Library, store: Store) -> Sequence[ToolSource]:
    """File tools in `workspace`, the time, and what the bot knows of its skills."""
    return FileTools(workspace), ClockTool(clock), SkillTools(library, store)
