"""The tools that every bot has."""

from collections.abc import Sequence
from pathlib import Path

from bot.apprentice_toml import Tables
from bot.domain.privacy import Privacy
from bot.ports import Clock, ToolSource
from bot.skills.library import Library
from bot.store.store import Store
from bot.tools.clock import ClockTool
from bot.tools.files import FileTools
from bot.tools.http import HttpTool
from bot.tools.memory import MemoryTools
from bot.tools.reminders import ReminderTools
from bot.tools.sending import SendingTool
from bot.tools.skills import SkillTools


def builtin(
    workspace: Path,
    outgoing: Path,
    clock: Clock,
    library: Library,
    store: Store,
    privacy: Privacy,
    tables: Tables = Tables(),  # noqa: B008 - it is frozen
) -> Sequence[ToolSource]:
    """Tools for files in `workspace` (`outgoing` holds what is being sent), time, schedules, the web, skills, facts."""
    return (
        FileTools(workspace),
        SendingTool(workspace, outgoing, clock, store),
        ClockTool(clock),
        ReminderTools(store, clock, library, privacy, tables.reminders.zone),
        HttpTool(tables.http.allow),
        SkillTools(library, store, clock),
        MemoryTools(store, clock, privacy),
    )
