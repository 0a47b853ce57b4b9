"""What the operator reads on the terminal to be let in."""

import sys


class Pairing:
    """Tells a code when it is made, and Telegram's link with it once the bot's name there is known."""

    def __init__(self) -> None:
        self._code = ""
        self._bot = ""

    def announce(self, code: str) -> None:
        """There is a new code."""
        self._code = code
        _tell(
            f"To let yourself in, send the bot within ten minutes (on Slack with /apprentice before it): /start {code}"
        )
        self._link()

    def met(self, bot: str) -> None:
        """Telegram told the bot's name; the same one again tells nothing new."""
        if bot != self._bot:
            self._bot = bot
            self._link()

    def _link(self) -> None:
        if self._code and self._bot:
            _tell(f"On Telegram this link does it: https://t.me/{self._bot}?start={self._code}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the operator reads it on the terminal
