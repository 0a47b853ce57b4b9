"""What a tool does, in words for people: `Reads notes/a.txt`."""

from collections.abc import Mapping

from bot.domain.json import JSON
from bot.domain.privacy import Privacy, asks_for_secret
from bot.domain.text import clean, shorten
from bot.words import Sentence, say

TITLES = {
    "list_files": (Sentence("Looks through the files"), ""),
    "read_file": (Sentence("Reads"), "path"),
    "write_file": (Sentence("Writes"), "path"),
    "search_files": (Sentence("Searches the files for"), "query"),
    "send_file": (Sentence("Sends"), "path"),
    "run_command": (Sentence("Runs"), "command"),
    "current_time": (Sentence("Looks at the clock"), ""),
    "schedule": (Sentence("Puts down for later"), "what"),
    "list_schedules": (Sentence("Looks at what is scheduled"), ""),
    "cancel_schedule": (Sentence("Cancels what was scheduled"), "number"),
    "search_documents": (Sentence("Searches the documents for"), "query"),
    "http_get": (Sentence("Reads"), "url"),
    "list_skills": (Sentence("Looks through the skills"), ""),
    "show_skill": (Sentence("Looks at the skill"), "name"),
    "explain_skill_use": (Sentence("Looks up how a skill was used"), ""),
    "avoid_skill": (Sentence("Notes what you wish of the skill"), "name"),
    "allow_skill": (Sentence("Notes what you wish of the skill"), "name"),
    "remember": (Sentence("Remembers"), "fact"),
    "recall": (Sentence("Looks for what I was told about"), "query"),
    "forget": (Sentence("Forgets"), "fact"),
}
"""Of the built-in tools: the words, and the argument that follows them."""
SKILL = "skill_"
LOOKED_AT = 1_000
"""Characters of an argument in which secrets are looked for; fewer are shown."""
SHOWN = 60
"""Characters of an argument that are shown."""


def title(name: str, arguments: Mapping[str, JSON], language: str, privacy: Privacy) -> str:
    """What a call does: words for the tool, and its shortest argument that is no secret, or the one it is about."""
    spoken, about = TITLES.get(name, (None, None))
    words = spoken.told(language) if spoken else _spaced(name)
    if name.startswith(SKILL):
        words = say(language, "Runs the skill {name}", name=_spaced(name.removeprefix(SKILL)))
    told = (_text(value) for key, value in arguments.items() if about in (None, key) and not asks_for_secret(key))
    what = min(filter(None, told), key=len, default="")
    return f"{words[:1].upper()}{words[1:]} {shorten(privacy.masked(what), SHOWN)}".rstrip()


def _spaced(name: str) -> str:
    """A name as words: `crm__get_order` as `crm: get order`."""
    return name.replace("__", ": ").replace("_", " ").replace("-", " ")


def _text(value: JSON) -> str:
    """A value in one line: of a list its first, such as a command's program; of an object nothing."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if not isinstance(value, str | int | float):
        return ""
    line = " ".join(clean(str(value)[:LOOKED_AT]).split())
    return "".join(letter for letter in line if letter.isprintable())
