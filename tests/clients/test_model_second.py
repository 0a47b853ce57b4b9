"""The second model works while the first is unavailable, and nobody hears of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from bot.clients.model import OpenAIModel
from bot.clients.model_second import RESTS, TwoModels
from bot.domain.json import JSON
from bot.errors import ContextTooLong, ModelRefused, ModelUnavailable
from bot.ports import ModelRequest
from tests.emulators.openai_server import OpenAIServer, Reply, dropped, error, text
from tests.engine.made import HandClock

HI = ModelRequest(messages=[{"role": "user", "content": "hi"}])


@dataclass
class Two:
    """Two models of one server, which answers for each as `says` tells."""

    server: OpenAIServer
    model: TwoModels
    clock: HandClock
    says: dict[str, Reply]

    async def ask(self) -> str:
        return (await self.model.complete(HI)).text

    def asked(self) -> list[str]:
        """The models that were asked since the last look, each once for all its tries."""
        names = [request["model"] for request in self.server.asked]
        self.server.requests.clear()
        return list(dict.fromkeys(names))


@asynccontextmanager
async def open_two(**says: Reply) -> AsyncIterator[Two]:
    clock = HandClock()

    def answer(request: JSON) -> Reply:
        return says[request["model"]]

    async with (
        OpenAIServer(answer) as server,
        OpenAIModel("first", clock, base_url=server.base_url) as first,
        OpenAIModel("second", clock, base_url=server.base_url) as second,
    ):
        yield Two(server, TwoModels(first, second, clock), clock, says)


@pytest.mark.parametrize("fault", [error(503), error(429, retry_after="30"), dropped()], ids=["503", "429", "dropped"])
async def test_the_second_answers_until_the_first_has_rested(fault: Reply) -> None:
    async with open_two(first=fault, second=text("Two.")) as two:
        assert await two.ask() == "Two."
        assert two.asked() == ["first", "second"]
        assert await two.ask() == "Two."
        assert two.asked() == ["second"]
        two.says["first"] = text("One.")
        await two.clock.sleep(RESTS)
        assert await two.ask() == "One."
        assert two.asked() == ["first"]


async def test_a_first_that_says_when_rests_until_then() -> None:
    async with open_two(first=error(429, retry_after="600"), second=text("Two.")) as two:
        await two.ask()
        await two.clock.sleep(599)
        two.asked()
        await two.ask()
        assert two.asked() == ["second"]


async def test_where_neither_answers_the_firsts_error_is_told() -> None:
    async with open_two(first=error(503, "one is ill"), second=error(401, "two is wrong")) as two:
        with pytest.raises(ModelUnavailable, match="one is ill"):
            await two.ask()
        assert two.asked() == ["first", "second"]
        with pytest.raises(ModelUnavailable, match="one is ill"):  # it rests, and is asked when the other fails
            await two.ask()
        assert two.asked() == ["second", "first"]


@pytest.mark.parametrize(
    ("reply", "kind"), [(error(401), ModelRefused), (error(400, "maximum context length"), ContextTooLong)]
)
async def test_what_waiting_does_not_mend_is_the_firsts(reply: Reply, kind: type[Exception]) -> None:
    async with open_two(first=reply, second=text("Two.")) as two:
        with pytest.raises(kind):
            await two.ask()
        assert two.asked() == ["first"]
