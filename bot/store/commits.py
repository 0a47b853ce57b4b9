"""Every commit the bot makes, by name: each is a place where the process may die, and a test kills it there."""

from enum import StrEnum


class Commit(StrEnum):
    """The reason for a write. Each member is used at exactly one place in the code (tested)."""

    INTAKE = "intake"
    """An event of a platform becomes a turn."""
    SUBMIT = "submit"
    """The clock or a command line makes a turn."""
    CLAIM = "claim"
    """A runner takes the oldest open turn of a lane."""
    START = "start"
    """A call is recorded before it is made."""
    END = "end"
    """What a call gave is recorded."""
    FINISH = "finish"
    """A turn is done: its status, its deliveries and its domain rows at once."""
    LATER = "later"
    """A turn failed for now and is tried again at its due time."""
    BURY = "bury"
    """A turn failed for good: the dead letter and the words to the person at once."""
    STOP = "stop"
    """A person asked to stop: flags on the open turns of the lane."""
    PAIRING = "pairing"
    """A new pairing code."""
    JUDGE = "judge"
    """The learning model has answered a question about a task: it is not asked again."""
    APPROVE = "approve"
    """The operator approves a folder on the command line."""
    IMPORT = "import"
    """Traces of a file are kept, a part of the file at a time."""
