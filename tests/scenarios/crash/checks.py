"""What must hold when the story is told, however often the bot died."""

from collections import Counter
from collections.abc import Sequence

from tests.emulators.telegram_state import Message
from tests.scenarios.crash.stage import Stage
from tests.scenarios.crash.talk import Talk, fits


def check_talks(stage: Stage, talks: Sequence[Talk]) -> None:
    """Each chat reads as expected: nothing is missing, out of order or doubled."""
    for talk in talks:
        heard = [message.text for message in heard_once(stage, talk)]
        assert len(heard) == len(talk.expected), [text[:60] for text in heard]
        assert all(map(fits, talk.expected, heard)), [text[:60] for text in heard]


def check_words(stage: Stage, talk: Talk, patterns: Sequence[str]) -> None:
    """The lines of a chat read as expected, whichever of them came in one message: none missing, unordered or twice."""
    heard = [line for message in heard_once(stage, talk) for line in message.text.split("\n") if line]
    assert len(heard) == len(patterns), heard
    assert all(map(fits, patterns, heard)), heard


def heard_once(stage: Stage, talk: Talk) -> Sequence[Message]:
    """What the bot has said, without the posts that may stand twice.

    Those are the ones that never got on record: a kill fell between the post and its record. The deliveries to a chat
    are made one after the other, so that each kill leaves at most one such post there.
    """
    posted = talk.heard()
    recorded = [message for message in posted if (talk.chat.id, message.id) in stage.recorded]
    assert len(posted) - len(recorded) <= stage.kills
    return recorded


def check_lines(stage: Stage, talks: Sequence[Talk], words: Sequence[str]) -> None:
    """Each line is written once; where a kill cut its writing off, at most once, and the person knows of the doubt."""
    heard = {line for talk in talks for message in talk.heard() for line in message.text.split("\n")}
    assert {word for word in words if f"Unknown: {word}" in heard} == stage.cut_off
    lines = Counter(stage.lines)
    assert lines.keys() <= set(words)
    for word in words:
        assert lines[word] == 1 or (lines[word] == 0 and word in stage.cut_off), word


def check_rest(stage: Stage, talks: Sequence[Talk], dead: Sequence[str] = ()) -> None:
    """Each message became one turn, no turn is open but those that wait for quiet, and just these are dead."""
    left = stage.remains()
    assert left.said == sum(talk.said for talk in talks)
    assert set(left.waiting) <= {"close"}
    assert left.dead == tuple(dead)
