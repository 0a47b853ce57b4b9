"""The bot's own tools: those that every bot has, and what the operator has set up."""

from collections.abc import Sequence
from pathlib import Path

from bot.apprentice_toml import Tables
from bot.domain.privacy import Privacy
from bot.ports import Clock, ToolSource
from bot.settings import Settings
from bot.skills.library import Library
from bot.store.store import Store
from bot.tools.clock import ClockTool
from bot.tools.command import command_tools
from bot.tools.documents import DocumentTools
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
    tables: Tables,
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


def own_tools(
    settings: Settings, clock: Clock, library: Library, store: Store, documents: Sequence[DocumentTools]
) -> Sequence[ToolSource]:
    """All of them, `documents` among them. Raises ConfigError where commands cannot be run as they are set up."""
    folders, privacy = (settings.workspace_folder, settings.outgoing_folder), Privacy(settings.secrets)
    own = builtin(*folders, clock, library, store, privacy, settings.tables)
    return (*own, *command_tools(settings), *documents)
