"""What lets the bot into a Slack workspace."""

import re
from dataclasses import dataclass

from bot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Credentials:
    """What Slack gave out. With `app_token`: Socket Mode; else HTTP events, signed, on the host and port `listen`."""

    bot_token: str
    app_token: str = ""
    signing_secret: str = ""
    listen: tuple[str, int] = ("127.0.0.1", 3000)

    def check(self) -> None:
        """Raises ConfigError for what cannot be such."""
        if not (self.app_token or self.signing_secret):
            raise ConfigError("Slack needs SLACK_APP_TOKEN, or SLACK_SIGNING_SECRET to know its requests by.")
        for name, token in (("SLACK_BOT_TOKEN", self.bot_token), ("SLACK_APP_TOKEN", self.app_token)):
            if not re.fullmatch(r"[\w.-]*", token, re.ASCII):
                raise ConfigError(f"{name} is no token: it has letters, digits, `.`, `_` and `-` only.")
