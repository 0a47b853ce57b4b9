"""The model clients that the settings ask for."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.clients.clock import SystemClock
from bot.clients.embedding import OpenAIEmbedder
from bot.clients.model import OpenAIModel
from bot.clients.model_second import TwoModels
from bot.ports import ModelClient
from bot.settings import Settings


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[ModelClient]:
    """The model that works, with the second behind it where one is set. Raises ConfigError."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(client(settings, settings.model))
        if settings.tables.model.second is None:
            yield first
        else:
            second = await stack.enter_async_context(client(settings, settings.tables.model.second))
            yield TwoModels(first, second, SystemClock())


def learning(settings: Settings) -> OpenAIModel:
    """The model that words proposals. Raises ConfigError."""
    return client(settings, settings.learning_model or settings.model)


def embedding(settings: Settings) -> OpenAIEmbedder | None:
    """The model that ranks skills by meaning, where one is set."""
    if settings.embedding_model is None:
        return None
    return OpenAIEmbedder(settings.embedding_model, api_key=_key(settings), base_url=settings.openai_base_url or "")


def client(settings: Settings, name: str) -> OpenAIModel:
    """A model of the server that the settings name. Raises ConfigError."""
    return OpenAIModel(name, SystemClock(), api_key=_key(settings), base_url=settings.openai_base_url or "")


def _key(settings: Settings) -> str:
    return settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
