"""What somebody should know before they let a skill go live that they, or somebody else, put into a folder."""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure, Skill
from bot.domain.text import shorten
from bot.domain.tool import Tool, reads_by_name
from bot.skills.format import PROCEDURE_FILE, SKILL_FILE
from bot.skills.run import missing
from bot.words import Sentence

NAMED = 5
"""Things that a warning names; the rest is counted."""
LONGEST = 60
"""Characters of such a name."""
_SHELLS = ("bash", "bat", "cmd", "fish", "ps1", "sh", "zsh")
_LANGUAGES = ("go", "js", "lua", "mjs", "php", "pl", "py", "r", "rb", "rs", "sql", "ts", "vbs")
_PROGRAMS = ("com", "dll", "exe", "jar", "so", "wasm")
_SCRIPTS = frozenset((*_SHELLS, *_LANGUAGES, *_PROGRAMS))
_HOST = re.compile(r"\b(?:https?|ftp|file)://([^\s/\"'<>)\]}`]*)", re.IGNORECASE)


def warnings(
    skill: Skill, files: Mapping[str, bytes], tools: Mapping[str, Tool], privacy: Privacy
) -> Iterator[Sentence]:
    """Sentences, the gravest first. `tools` are the bot's by their names."""
    for path, content in sorted(files.items()):
        text = content.decode("utf-8", "replace")
        if found := privacy.trouble(text):
            yield Sentence("{file} holds {what}.", file=_shown(path), what=found)
    if skill.procedure is None:
        yield Sentence("It has no procedure: the model may read it, and nothing of it is executed.")
    else:
        yield from _of_procedure(skill.procedure, tools)
    if scripts := [path for path in sorted(files) if _is_script(path, files[path])]:
        yield Sentence("It brings scripts, which are never run: {names}.", names=_some(scripts))
    texts = (content.decode("utf-8", "replace") for content in files.values())
    if hosts := sorted({host.lower() or "?" for text in texts for host in _HOST.findall(text)}):
        yield Sentence("It holds links to {names}.", names=_some(hosts))


def writing(procedure: Procedure, tools: Mapping[str, Tool]) -> list[str]:
    """The tools of the steps that may change something; those that the bot does not have are told by their names."""
    names = dict.fromkeys(step.tool for step in procedure.steps if step.tool)
    return [name for name in names if not (tools[name].reads if name in tools else reads_by_name(name))]


def _of_procedure(procedure: Procedure, tools: Mapping[str, Tool]) -> Iterator[Sentence]:
    if changing := writing(procedure, tools):
        yield Sentence("It may change things with {names}; I ask before it does.", names=_some(changing))
    if lacking := missing(procedure, tools):
        yield Sentence("It cannot run here as long as these tools are missing: {names}.", names=_some(lacking))


def _is_script(path: str, content: bytes) -> bool:
    if path in (SKILL_FILE, PROCEDURE_FILE):
        return False
    parts = PurePosixPath(path)
    return parts.parts[0] == "scripts" or parts.suffix[1:].lower() in _SCRIPTS or content.startswith(b"#!")


def _some(names: Collection[str]) -> str | Sentence:
    told = ", ".join(map(_shown, list(names)[:NAMED]))
    return told if len(names) <= NAMED else Sentence("{names} and {count} more", names=told, count=len(names) - NAMED)


def _shown(name: str) -> str:
    """As code: a name that somebody else wrote means nothing to Markdown then."""
    return f"`{shorten(' '.join(name.split()), LONGEST).replace('`', 'ˋ')}`"
