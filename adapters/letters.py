"""Letters that press the buttons on a terminal's screen."""

from dataclasses import dataclass

from bot.domain.chat import Button

SPARE = "uvwxzqjpmokligfhecsbtdra"
"""Letters for a button whose label has none left; not y and n, which people say."""


@dataclass(frozen=True, slots=True)
class Pressable:
    """A button on the screen and the message that it stands under."""

    button: Button
    message_id: str


class Letters:
    """The letters of the buttons on the screen: unique among those that are live, then remembered until asked for."""

    def __init__(self) -> None:
        self._live: dict[str, Pressable] = {}
        self._gone: dict[str, str] = {}

    def give(self, button: Button, message_id: str) -> str:
        """A letter for a new button, from its label if one is free; when none is, the oldest message loses its own."""
        while True:
            for letter in button.label.lower() + SPARE:
                if letter.isascii() and letter.isalpha() and letter not in self._live:
                    self._live[letter] = Pressable(button, message_id)
                    return letter
            self.remove(next(iter(self._live.values())).message_id)

    def remove(self, message_id: str) -> None:
        """The buttons of this message are dead."""
        for letter in [letter for letter, pressable in self._live.items() if pressable.message_id == message_id]:
            self._gone[letter] = self._live.pop(letter).button.label

    def live(self, said: str) -> Pressable | None:
        """The button that this presses."""
        return self._live.get(said.lower())

    def gone(self, said: str) -> str | None:
        """The label of the dead button that this would have pressed, once: said again, it is a word like others."""
        return self._gone.pop(said.lower(), None)
