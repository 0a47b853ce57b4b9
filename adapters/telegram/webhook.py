"""Where Telegram calls the bot instead of being asked, and how its calls are known."""

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from telegram.constants import SUPPORTED_WEBHOOK_PORTS

from bot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Webhook:
    """The address that Telegram is told, and the host and port on which its requests are taken behind it."""

    url: str
    listen: tuple[str, int]

    def check(self) -> None:
        """Raises ConfigError for an address that Telegram does not call (core.telegram.org/bots/api#setwebhook)."""
        try:
            parts = urlsplit(self.url)
            called = parts.scheme == "https" and parts.hostname and (parts.port or 443) in SUPPORTED_WEBHOOK_PORTS
        except ValueError:
            called = False
        if not called:
            raise ConfigError(
                f"TELEGRAM_WEBHOOK_URL: {self.url!r} is no address that Telegram calls: write one that begins with "
                f"https:// and has one of the ports {', '.join(map(str, SUPPORTED_WEBHOOK_PORTS))}."
            )

    def secret(self, token: str) -> str:
        """What Telegram's requests are known by: the same after each start, and nobody else can tell it."""
        return hmac.new(token.encode(), f"webhook {self.url}".encode(), hashlib.sha256).hexdigest()
