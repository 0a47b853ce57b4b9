"""Slack at its worst while work is shown as it goes on: in the end the answer stands there, once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.emulators.slack_faults import dropped, flood, garbled, lost_answer, server_error
from tests.emulators.telegram_faults import Fault
from tests.scenarios.storm import Refusals, shown_soon, thinker, word
from tests.scenarios.storm_slack import Storm, stormy

__all__ = ["shown_soon"]


@pytest.fixture
async def storm(tmp_path: Path) -> AsyncIterator[Storm]:
    async with stormy(tmp_path) as storm:
        yield storm


@pytest.mark.usefixtures("shown_soon")
async def test_work_that_is_shown_and_not_recorded_is_no_second_copy(tmp_path: Path) -> None:
    refusal = Refusals("live")
    async with stormy(tmp_path, probe=refusal.probe) as storm:
        storm.model.script = thinker
        refusal.times = 2
        storm.mention(0, 0)
        await storm.ended(0)
        assert (storm.heard(0), len(storm.by_bot(0))) == ([word(0, 0)], 1)
    assert refusal.times == 0


LOST = (lost_answer(), garbled(), dropped())


@pytest.mark.usefixtures("shown_soon")
@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.kind)
@pytest.mark.parametrize("method", ["chat.startStream", "chat.postMessage"])
async def test_work_that_is_shown_is_no_second_copy_of_the_answer(storm: Storm, method: str, fault: Fault) -> None:
    """The beginning of what is shown is lost; in the end there is one message."""
    storm.model.script = thinker
    storm.slack.fault(method, fault)
    (storm.mention if method == "chat.startStream" else storm.say)(0, 0)
    await storm.ended(0)
    assert storm.heard(0) == [word(0, 0)]
    assert len(storm.by_bot(0)) == 1


@pytest.mark.usefixtures("shown_soon")
@pytest.mark.parametrize("fault", [flood(1), server_error(), *LOST], ids=lambda fault: fault.kind)
@pytest.mark.parametrize(
    "method",
    [
        "chat.update",
        pytest.param("chat.appendStream", marks=pytest.mark.slow),
        pytest.param("chat.stopStream", marks=pytest.mark.slow),
    ],
)
async def test_however_what_is_shown_fails_the_answer_takes_its_place(storm: Storm, method: str, fault: Fault) -> None:
    storm.model.script = thinker
    storm.slack.fault(method, fault)
    storm.mention(0, 0)
    await storm.ended(0)
    assert storm.heard(0) == [word(0, 0)]
    assert [message.stream for message in storm.by_bot(0)] == [""]
