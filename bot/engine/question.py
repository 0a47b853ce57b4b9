"""The question before calls that need a person's word: the exact calls, and buttons that are bound to them."""

import asyncio
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bot.domain.chat import Outgoing
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.domain.skill import SkillRef
from bot.domain.text import shorten, unseen
from bot.ports import ToolContext
from bot.skills.host import PlannedCall
from bot.store import buttons, confirmations
from bot.store.confirmations import Confirmation
from bot.store.deliveries import conclude, deliver
from bot.store.store import Connection, Effect
from bot.tools.names import folder_of
from bot.tools.sending import kept
from bot.words import Sentence, say

ANSWERS = {"once": Sentence("Run once"), "always": Sentence("Always here"), "no": Sentence("No")}
"""What a person can say to the question, and how it reads."""
SHOWN_ARGUMENT = 600
"""Characters of an argument that the question shows."""
SHOWN_CALL = 2_500
"""Characters of all arguments of a call."""
_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person is asked about: calls that a use of `skill`, or without one the model, wishes at a turn's place.

    `ref` is the skill's version, or the tool's name and its pin.
    """

    turn: int
    place: str
    ref: SkillRef
    calls: Sequence[PlannedCall]
    skill: str = ""


class Questions:
    """Puts them. Secrets are masked; calls that are too long to show come as a file too, kept below `outgoing`."""

    def __init__(self, privacy: Privacy, outgoing: Path) -> None:
        self._privacy = privacy
        self._outgoing = outgoing

    async def about(self, asked: Asked, context: ToolContext, now: float) -> Effect:
        """What puts a question into the chat, and its row into the store."""
        return await asyncio.to_thread(self._prepared, asked, context, now)

    def shown(self, call: PlannedCall) -> str:
        """The call in a line of Markdown."""
        return _line(call.tool, self._masked(call))

    def holds_secret(self, arguments: dict[str, JSON]) -> bool:
        """Whether a call with these arguments cannot wait for an answer: the store does not keep them as they are."""
        return bool(self._privacy.kept_in(arguments) != arguments)

    def _prepared(self, asked: Asked, context: ToolContext, now: float) -> Effect:
        here, calls = context.conversation, [(call.tool, self._masked(call)) for call in asked.calls]
        lines = [_line(tool, arguments) for tool, arguments in calls]
        file = None
        if any("…" in line for line in lines):
            file = kept(self._outgoing / folder_of(here), f"{asked.ref.name}.json", _whole(calls))
            lines += ["", say(here.language, "This is cut; the file {name} has all of it.", name=file.name)]
        first, last = _around(asked.skill)
        text = "\n".join([first.told(here.language), *lines, "", last.told(here.language)])
        return partial(_put, asked, context, text, file, now)

    def _masked(self, call: PlannedCall) -> dict[str, JSON]:
        masked: dict[str, JSON] = self._privacy.masked_in(dict(call.arguments))
        return masked


def _around(skill: str) -> tuple[Sentence, Sentence]:
    if skill:
        return Sentence("The skill **{name}** is about to change something:", name=skill), Sentence("Shall it?")
    return Sentence("I would like to do this, and need a person's word:"), Sentence("Shall I?")


def _put(asked: Asked, context: ToolContext, text: str, file: Path | None, now: float, connection: Connection) -> None:
    here, id = context.conversation, secrets.token_urlsafe(12)
    waiting = Confirmation(id, asked.turn, asked.place, asked.ref, here.scope, context.person.id)
    confirmations.ask(connection, waiting, now)
    if file is not None:
        deliver(connection, Outgoing(here, "", file=str(file)), f"whole:{id}", now)
    choices = ((words, answer) for answer, words in ANSWERS.items())
    row = buttons.row(connection, "confirmation", id, choices, here.language)
    conclude(connection, asked.turn, Outgoing(here, text, (row,)), f"confirm:{id}", now)


def _line(tool: str, arguments: Mapping[str, JSON]) -> str:
    """A call in one line of which nothing can break out: its text shall not pass for words of the bot."""
    given = (f"{_name(name)}={shorten(_value(value), SHOWN_ARGUMENT)}" for name, value in arguments.items())
    return f"- `{tool}({shorten(', '.join(given), SHOWN_CALL).replace('`', 'ˋ')})`"


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) else shorten(_value(name), SHOWN_ARGUMENT)


def _value(value: JSON) -> str:
    return _visible(json.dumps(value, ensure_ascii=False))


def _whole(calls: Sequence[tuple[str, Mapping[str, JSON]]]) -> bytes:
    told = [{"tool": tool, "arguments": dict(arguments)} for tool, arguments in calls]
    lines = json.dumps(told, ensure_ascii=False, indent=2).split("\n")
    return "\n".join(map(_visible, lines)).encode()


def _visible(text: str) -> str:
    """JSON with what nobody can see spelled out."""
    return "".join(json.dumps(char)[1:-1] if unseen(char) else char for char in text)
