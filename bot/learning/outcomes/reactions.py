"""What a reaction under an answer says of the work."""

from collections.abc import Iterable

from bot.domain.trace import Status

_GOOD = "👍 ❤ 🔥 🎉 👏 💯 🏆 👌 ✅ +1 thumbsup heart fire tada clap 100 trophy ok_hand white_check_mark"
_BAD = "👎 💩 🤬 🤮 ❌ -1 thumbsdown poop hankey x"
GOOD, BAD = frozenset(_GOOD.split()), frozenset(_BAD.split())
"""Emoji and the names that Slack has for them; what may mean either, such as a face, says nothing."""
_SKIN = dict.fromkeys([0xFE0F, *range(0x1F3FB, 0x1F400)])
"""Signs that change how an emoji looks: the emoji variant, and tones of skin."""


def verdict(emoji: Iterable[str]) -> Status | None:
    """What all of a person's reactions to an answer say; None for nothing, or for both."""
    names = {one.split("::")[0].translate(_SKIN) for one in emoji}
    if bool(names & GOOD) == bool(names & BAD):
        return None
    return "success" if names & GOOD else "failure"
