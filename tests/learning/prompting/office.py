"""An office whose people ask for summaries and want them shorter, and a scripted model that writes and judges."""

import json
import re
from typing import Any

from bot.domain.privacy import Privacy
from bot.domain.trace import Trace
from bot.learning.drafting import Author, Budget
from bot.ports import ModelReply, ModelRequest

TOPICS = ("budget", "hiring", "roof", "parking", "website", "picnic", "garden", "printer", "heating", "canteen")
WRITTEN = {
    "name": "meeting-summary",
    "description": "Sums up a meeting in a few short lines.",
    "condition": "The person asks for a summary of a meeting.",
    "keywords": ["summary", "meeting"],
    "instructions": "Write at most 3 lines.\nThe decision comes first.",
    "example": "Write a summary of the meeting about the new lamps.",
}


def trace(number: int, *messages: tuple[str, str], person: str = "") -> Trace:
    """A task in which these were said, by role."""
    said = tuple({"role": role, "content": text} for role, text in messages)
    return Trace(f"t{number:02}", f"t{number:02}", "telegram:7", said, person=person or f"telegram:{number % 3}")


def asked(number: int, topic: str) -> Trace:
    """A summary that is asked for, and corrected."""
    return trace(
        number,
        ("user", f"Please write a summary of our meeting on the {topic}, with Zoltan{number}."),
        ("assistant", f"It was a long meeting on the {topic}. " * 5),
        ("user", "Shorter please, and the decision first."),
        ("assistant", f"Decided: {topic}."),
    )


OFFICE = tuple(asked(number, topic) for number, topic in enumerate(TOPICS))


class Model:
    """Writes `written`, answers a prompt with `answer`, and judges short answers to be better as long as it `favours`.

    `judged` has the two answers of each comparison in their order.
    """

    def __init__(self, written: Any = WRITTEN, answer: str = "Decided.", favours: int = 99) -> None:
        self.written = [written] if isinstance(written, dict) else list(written)
        self.answer = answer
        self.favours = favours
        self.asked: list[str] = []
        self.judged: list[tuple[str, str]] = []

    async def complete(self, request: ModelRequest) -> ModelReply:
        text = request.messages[0]["content"]
        self.asked.append(text)
        return ModelReply(self._reply(request.schema, text), (), 300, 50, False, 1)

    def _reply(self, schema: Any, text: str) -> str:
        if schema is None:
            return self.answer
        if "instructions" in schema["properties"]:
            return json.dumps(self.written.pop(0) if len(self.written) > 1 else self.written[0])
        found = re.search(r"First answer: <(\S+)>(.*)</\1>\s+Second answer: <\1>(.*)</\1>", text, re.DOTALL)
        assert found
        self.judged.append((found[2], found[3]))
        new = "first" if found[2] == self.answer else "second"
        better = new if len(self.judged) <= self.favours else {"first": "second", "second": "first"}[new]
        return json.dumps({"better": "same" if self.answer == "tie" else better, "reason": "It is short."})


def author(model: Model, tokens: int = 200_000) -> Author:
    """The scripted model as an author."""
    return Author(model, Budget(tokens), Privacy(("my-own-secret",), ("Zoë Ng",)))
