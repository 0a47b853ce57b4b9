"""What can go wrong between a bot and Slack: the faults of telegram_faults, in Slack's words."""

from tests.emulators.telegram_faults import Fault


def flood(retry_after: int = 1) -> Fault:
    """Not done, too many calls: wait so many seconds."""
    return Fault("refuse", 429, "ratelimited", {"retry_after": retry_after})


def refused(error: str) -> Fault:
    """Not done: an answer that is not ok, with this error."""
    return Fault("refuse", 200, error)


def server_error(status: int = 503) -> Fault:
    """Not done: a web page with this status comes instead of an answer."""
    return Fault("page", status)


def dropped() -> Fault:
    """Not done, and the connection ends."""
    return Fault("drop")


def lost_answer() -> Fault:
    """Done, but the connection ends before the answer."""
    return Fault("lose")


def slow(seconds: float) -> Fault:
    """Done, and the answer waits so many seconds."""
    return Fault("slow", seconds=seconds)


def garbled() -> Fault:
    """Done, but a web page with status 200 comes instead of the answer."""
    return Fault("garble")
