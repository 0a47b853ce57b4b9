"""The learning model as an author: asked within a budget, shown no secret and no personal value, corrected once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError

from bot.domain.cost import FREE, Limit, Prices, Used
from bot.domain.json import JSON
from bot.domain.privacy import Privacy
from bot.errors import ModelError
from bot.ports import ModelClient, ModelReply, ModelRequest

log = structlog.get_logger()
Form = TypeVar("Form", bound=BaseModel)
ANSWER_TOKENS = 700
"""Most tokens of an answer."""
TRIES = 2
BYTES_A_TOKEN = 3
"""For an estimate before the call: on the safe side of English text, which has about four."""


class Budget:
    """Model tokens that one learning cycle may spend. Nothing is asked that might cost more than what is left.

    `limits` hold beside them; of money nothing more is asked once it is used up.
    """

    def __init__(self, tokens: int, limits: Sequence[Limit] = (), prices: Prices = FREE) -> None:
        self._tokens = min([tokens, *(limit.tokens for limit in limits if limit.tokens is not None)])
        self._limits = limits
        self._prices = prices
        self.used: list[Used] = []
        """The calls that were made."""

    @property
    def spent(self) -> int:
        """Tokens that were spent."""
        return sum(each.tokens for each in self.used)

    @property
    def ended(self) -> bool:
        """Whether a limit ended it."""
        return any(limit.reached(self.used, self._prices) for limit in self._limits)

    @property
    def left(self) -> int:
        """Tokens that may still be spent."""
        return 0 if self.ended else self._tokens - self.spent

    def covers(self, messages: Sequence[JSON], answer: int) -> bool:
        """Whether a request can be paid for, with an answer of so many tokens."""
        return sum(len(message["content"].encode()) for message in messages) // BYTES_A_TOKEN + answer <= self.left

    def pay(self, reply: ModelReply) -> None:
        """Count what a reply cost."""
        self.used.append(Used(reply.model, 1, reply.tokens_in, reply.tokens_out))


@dataclass(frozen=True, slots=True)
class Author:
    """Whom learning asks for words, what that may cost, and what is masked in everything that is shown."""

    model: ModelClient
    budget: Budget
    privacy: Privacy

    async def ask(self, text: str, form: type[Form], complaint: Callable[[Form], str]) -> Form | None:
        """An answer of the form that draws no complaint ("" is none), or None if two tries or the budget fail."""
        messages: list[JSON] = [{"role": "user", "content": self.privacy.anonymous(text)}]
        for _ in range(TRIES):
            answer = await self._complete(ModelRequest(messages, schema=form.model_json_schema()))
            if answer is None:
                return None
            found, wrong = _read(answer, form, complaint)
            if found is not None:
                return found
            log.info("learning.refused", form=form.__name__)  # what is wrong may quote what is private
            again = f"{wrong} Send all of it again."
            messages += [{"role": "assistant", "content": answer}, {"role": "user", "content": again}]
        return None

    async def say(self, text: str) -> str | None:
        """An answer in words to what is shown masked, or None if the model or the budget fails."""
        return await self._complete(ModelRequest([{"role": "user", "content": self.privacy.anonymous(text)}]))

    async def _complete(self, request: ModelRequest) -> str | None:
        if not self.budget.covers(request.messages, ANSWER_TOKENS):
            return None
        capped = ModelRequest(request.messages, schema=request.schema, max_tokens=ANSWER_TOKENS)
        try:
            reply = await self.model.complete(capped)
        except ModelError as error:
            log.warning("learning.no_answer", error=str(error))
            return None
        self.budget.pay(reply)
        return reply.text


def _read(answer: str, form: type[Form], complaint: Callable[[Form], str]) -> tuple[Form | None, str]:
    try:
        found = form.model_validate_json(answer)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        return None, f"That is not the JSON that was asked for: {first['msg']} at {place}."
    wrong = complaint(found)
    return (None, wrong) if wrong else (found, "")
