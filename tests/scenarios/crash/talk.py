"""A chat as the story's people see it, and the model they talk to."""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bot.domain.json import JSON
from tests.emulators.openai_server import OpenAIServer, Reply, calls, error, slowly, text
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Chat, Message, User

SKILL = "keep-note"
LONG = "\n".join(f"{number}. Once upon a time there was a bot that never lost a word." for number in range(1, 90))
FOREVER = "Think for ever"
SLOWLY = "Think a little"
WATCHED = "Write bit by bit"
WRITTEN = "This comes word after word, and people watch."
SECONDS = 60.0
"""The longest that anybody waits for anything."""


@dataclass
class Talk:
    """A chat, and what the bot must have said there in the end: patterns, in order."""

    telegram: TelegramEmulator
    chat: Chat
    said: int = 0
    expected: list[str] = field(default_factory=list)

    def say(self, person: User, words: str) -> Message:
        """Somebody speaks to the bot."""
        self.said += 1
        return person.say(words if self.chat.type == "private" else f"@apprentice_bot {words}", self.chat)

    async def hear(self, pattern: str, to: Message | None = None) -> Message:
        """Wait for a message of the bot that reads like this, and quotes `to` if that is given."""
        self.expected.append(pattern)

        def look() -> Message | None:
            fitting = (message for message in self.heard() if fits(pattern, message.text))
            return next((message for message in fitting if to is None or message.reply_to is to), None)

        found = await self.telegram.wait_for(look, SECONDS)
        assert found is not None
        return found

    def heard(self) -> list[Message]:
        """What the bot has said."""
        return [message for message in self.chat.messages if message.sender.is_bot]


def fits(pattern: str, words: str) -> bool:
    """Whether the words are what was expected, from beginning to end."""
    return re.fullmatch(pattern, words, re.DOTALL) is not None


class Model(OpenAIServer):
    """A model that does what people say; asked to think for ever, it does, or until it is `to_go_on`."""

    def __init__(self) -> None:
        super().__init__(answer)
        self.thinking, self.thinking_a_little, self.to_go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        asked = await request.read()
        if FOREVER.encode() in asked:
            self.thinking.set()
            await asyncio.Event().wait()
        if SLOWLY.encode() in asked:
            self.thinking_a_little.set()
            await self.to_go_on.wait()
        return await super()._complete(request)


def answer(request: JSON) -> Reply:
    """`note X` and `keep X` are calls, of the tool and of the skill; other words are answered at once.

    `tell X` is a call and a long answer. What was said while it worked is done first and told with the rest.
    """
    asked = _unanswered(request["messages"])
    said = [message["content"] for message in asked if message["role"] == "user"]
    results = [message["content"] for message in asked if message["role"] == "tool"]
    if len(results) < len(said):
        return _first(said[len(results)])
    made = [call["function"]["arguments"] for message in asked for call in message.get("tool_calls", ())]
    words = [json.loads(arguments)["text"] for arguments in made]
    noted = {word: _noted(word, result) for word, result in zip(words, results, strict=True)}
    return text("\n".join([*noted.values(), LONG if said[0].startswith("tell ") else ""]))


def _unanswered(messages: Sequence[JSON]) -> Sequence[JSON]:
    """What came behind the last answer: what people said, and what was called for it."""
    answers = [number for number, message in enumerate(messages) if not _asks(message)]
    return messages[answers[-1] + 1 :]


def _asks(message: JSON) -> bool:
    return message["role"] in ("user", "tool") or bool(message.get("tool_calls"))


def _noted(word: str, result: str) -> str:
    return f"{'Unknown' if 'It is unknown' in result else 'Noted'}: {word}"


def _first(said: str) -> Reply:
    match said.split():
        case ["note" | "tell", word]:
            return calls(("append_line", {"text": word}))
        case ["keep", word]:
            return calls((f"skill_{SKILL.replace('-', '_')}", {"text": word}))
        case ["forbidden"]:
            return error(401)
        case ["long"]:
            return text(LONG)
    if said == WATCHED:
        return slowly(text(WRITTEN), 0.15)
    if said == SLOWLY:
        return text("I have thought.")
    raise AssertionError(f"nobody says {said!r}")
