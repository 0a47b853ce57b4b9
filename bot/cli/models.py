"""The model clients that the settings ask for."""

from bot.clients.clock import SystemClock
from bot.clients.embedding import OpenAIEmbedder
from bot.clients.model import OpenAIModel
from bot.settings import Settings


def working(settings: Settings) -> OpenAIModel:
    """The model that works. Raises ConfigError."""
    return _client(settings, settings.model)


def learning(settings: Settings) -> OpenAIModel:
    """The model that words proposals. Raises ConfigError."""
    return _client(settings, settings.learning_model or settings.model)


def embedding(settings: Settings) -> OpenAIEmbedder | None:
    """The model that ranks skills by meaning, where one is set."""
    if settings.embedding_model is None:
        return None
    return OpenAIEmbedder(settings.embedding_model, api_key=_key(settings), base_url=settings.openai_base_url or "")


def _client(settings: Settings, name: str) -> OpenAIModel:
    return OpenAIModel(name, SystemClock(), api_key=_key(settings), base_url=settings.openai_base_url or "")


def _key(settings: Settings) -> str:
    return settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
