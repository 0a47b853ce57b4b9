"""Every error of the house, named by what the caller does next. `str(error)` is a sentence for the reader.

ApprenticeError
├── ConfigError         the operator mends a setting; the command ends with status 2
├── Refused             a person asked for what cannot be done now; the sentence is the answer
│   └── SkillInvalid    every problem of a skill's files
├── StoreError          the database did not take a write: nothing happened, offer it again
│   ├── Fenced          another runner holds the lane now: stop, touch nothing
│   └── Stopped         a person asked to stop this turn: end it without a word
├── LimitReached        a turn came to its limit of rounds, tokens or time: end it with this sentence
├── ToolError           a tool call failed: the sentence goes back to the model, which can repair it
├── ModelError          the model did not answer
│   ├── ModelUnavailable    for now: try again, after `after` seconds if given
│   ├── ModelRefused        until the operator mends something (key, model's name, quota)
│   └── ContextTooLong      the request is too long: send less
└── DeliveryError       a message did not reach the chat
    ├── DeliverLater        for now, surely not posted: try again, after `after` seconds if given
    ├── MaybeDelivered      the answer was lost: it may stand in the chat, so it is not sent again
    └── Undeliverable       for good: keep the work, stop sending
        └── Gone            the chat is closed to the bot: keep what is to be sent until the bot is back in it
"""

from bot.words import Sentence


class ApprenticeError(Exception):
    """The root. Its sentence says what happened, to what, and what to do; a chat hears it in its own language."""

    def __init__(self, template: str, **values: object) -> None:
        self.sentence = Sentence(template, **values)
        super().__init__(self.sentence)


class ConfigError(ApprenticeError):
    """Wrong settings; `problems` has one sentence a mistake."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Refused(ApprenticeError):
    """What was asked for cannot be done now."""


class SkillInvalid(Refused):
    """A skill's files break the format; `problems` has one sentence each, with file and place."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(ApprenticeError):
    """The database did not take a write."""


class Fenced(StoreError):
    """The lane's epoch has moved on: another runner works on this turn."""


class Stopped(StoreError):
    """A person asked to stop this turn."""


class LimitReached(ApprenticeError):
    """A turn came to one of its limits."""


class ToolError(ApprenticeError):
    """A tool call failed in a way that the model can read and repair."""


class ModelError(ApprenticeError):
    """The model did not answer."""


class ModelUnavailable(ModelError):
    """For now: overload, a lost connection, a time-out. `after`: seconds the server asked us to wait."""

    def __init__(self, template: str, after: float | None = None, **values: object) -> None:
        super().__init__(template, **values)
        self.after = after


class ModelRefused(ModelError):
    """The server will keep refusing until somebody changes the key, the model's name or the quota."""


class ContextTooLong(ModelError):
    """The request does not fit the model's context."""


class DeliveryError(ApprenticeError):
    """A message did not reach the chat, as far as we know."""


class DeliverLater(DeliveryError):
    """Surely not posted. `after`: seconds the platform asked us to wait."""

    def __init__(self, template: str, after: float | None = None, **values: object) -> None:
        super().__init__(template, **values)
        self.after = after


class MaybeDelivered(DeliveryError):
    """The request went out and its answer was lost."""


class Undeliverable(DeliveryError):
    """The platform will not take this message."""


class Gone(Undeliverable):
    """The bot was thrown out of the chat, or the person blocked it."""
