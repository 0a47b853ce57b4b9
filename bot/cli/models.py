"""The model clients that the settings ask for."""

from bot.clients.clock import SystemClock
from bot.clients.model import OpenAIModel
from bot.settings import Settings


def working(settings: Settings) -> OpenAIModel:
    """The model that works. Raises ConfigError."""
    return _client(settings, settings.model)


def learning(settings: Settings) -> OpenAIModel:
    """The model that words proposals. Raises ConfigError."""
    return _client(settings, settings.learning_model or settings.model)


def _client(settings: Settings, name: str) -> OpenAIModel:
    key = settings.openai_api_key
    secret = key.get_secret_value() if key else ""
    return OpenAIModel(name, SystemClock(), api_key=secret, base_url=settings.openai_base_url or "")
