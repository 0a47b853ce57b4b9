"""Forms in Slack: a modal that stands before anybody knows what is in it, and what a person puts in."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.slack.forms import TOLD_PROBLEMS, pieces
from bot.domain.chat import Button, ButtonClicked, Form, Outgoing
from bot.domain.json import JSON
from bot.errors import StoreError
from tests.adapters.contract import Inbox, receiving
from tests.adapters.slack_harness import SlackHarness, slack_harness, slack_http_harness
from tests.emulators.slack_faults import refused
from tests.emulators.slack_views import View

EDIT = Button("Edit", "e1", form=True)
FORM = Form("orders", "procedure.yaml", "steps:\n  - id: a\n    with: {}\n")


@pytest.fixture(params=[slack_harness, slack_http_harness], ids=["sockets", "http"])
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[SlackHarness]:
    async with request.param() as harness:
        yield harness


async def pressed(harness: SlackHarness, inbox: Inbox) -> ButtonClicked:
    """Post a button that opens a form, and press it."""
    await harness.adapter.send(Outgoing(harness.conversation, "Well?", ((Button("Approve", "a1"), EDIT),)), 0)
    await harness.press("Edit")
    click = await inbox.take()
    assert isinstance(click, ButtonClicked)
    return click


def view(harness: SlackHarness) -> View:
    """The modal on top."""
    return harness.ann.views[-1]


def words(view: View) -> list[str]:
    return [block["text"]["text"] for block in view.blocks if block["type"] == "section"]


def inputs(view: View) -> list[JSON]:
    return [block for block in view.blocks if block["type"] == "input"]


async def test_a_modal_is_open_when_the_click_is_taken_and_its_text_comes_as_a_click(harness: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        click = await pressed(harness, inbox)
        assert (click.button, click.text) == ("e1", None)
        assert words(view(harness)) == ["One moment…"]
        assert await harness.adapter.form(click, FORM)
        [field] = inputs(view(harness))
        assert field["element"]["initial_value"] == FORM.text.rstrip("\n")
        sent = harness.ann.submit(view(harness), {field["block_id"]: "steps: []\nmore"})
        given = await inbox.take()
        assert isinstance(given, ButtonClicked)
        assert given.text == "steps: []\nmore"
        assert replace(given, key="", token="", at=click.at, text=None) == replace(click, key="", token="")
        await harness.slack.wait_for(lambda: sent.acknowledged)
        assert words(view(harness)) == ["One moment…"]
        await harness.adapter.answer(given, "It is done.")
        assert words(view(harness)) == ["It is done."]
        assert [message.only_for for message in harness.posted] == [None]


async def test_who_closed_the_modal_reads_the_problems_beside_the_message(harness: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        click = await pressed(harness, inbox)
        harness.ann.close(view(harness))
        assert await harness.adapter.form(click, replace(FORM, problems=("That is wrong.", "That too.")))
        assert await harness.adapter.form(click, FORM)
        told = [message.text for message in harness.posted if message.only_for]
        assert told == ["That is wrong.\nThat too.", "Slack did not show the form: press the button again."]


async def test_problems_stand_above_the_text_that_was_typed(harness: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        click = await pressed(harness, inbox)
        await harness.adapter.form(click, FORM)
        before = inputs(view(harness))[0]["block_id"]
        await harness.adapter.form(click, replace(FORM, text="other", problems=("First.", "Second.")))
        assert words(view(harness))[1:] == ["First.", "Second."]
        [field] = inputs(view(harness))
        assert field["element"]["initial_value"] == "other"
        assert field["block_id"] != before  # else Slack would keep what was typed there


async def test_a_click_is_taken_when_no_modal_opens(harness: SlackHarness) -> None:
    inbox = Inbox()
    harness.slack.fault("views.open", refused("internal_error"))
    async with receiving(harness.adapter, inbox.accept):
        click = await pressed(harness, inbox)
        assert harness.ann.views == []
        await harness.adapter.answer(click, "Only others decide.")
        assert [message.text for message in harness.posted if message.only_for] == ["Only others decide."]


async def test_a_text_that_is_not_taken_stays_in_its_modal() -> None:
    async with slack_harness(ack_seconds=1) as harness:
        inbox = Inbox()
        async with receiving(harness.adapter, inbox.accept):
            click = await pressed(harness, inbox)
            await harness.adapter.form(click, FORM)

        async def full(_: object) -> None:
            raise StoreError("The disk is full.")

        async with receiving(harness.adapter, full):
            await harness.listening()
            sent = harness.ann.submit(view(harness))
            await harness.slack.wait_for(lambda: sent.given_up)
            assert inputs(view(harness))
            assert not sent.acknowledged


async def test_other_buttons_and_other_modals_are_no_forms(harness: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.adapter.send(Outgoing(harness.conversation, "Well?", ((Button("Approve", "a1"),),)), 0)
        await harness.press("Approve")
        click = await inbox.take()
        assert isinstance(click, ButtonClicked)
        assert click.token == ""
        assert harness.ann.views == []
        click = await pressed(harness, inbox)
        view(harness).given["callback_id"] = "another"
        sent = harness.ann.submit(view(harness))
        await harness.slack.wait_for(lambda: sent.acknowledged)
        assert len(inbox.offered) == 2


@pytest.mark.parametrize("length", [0, 1, 20_000, 250_000])
def test_the_pieces_of_a_text_fit_a_modal(length: int) -> None:
    text = "\n".join("word " * 15 for _ in range(length // 76)) or "x" * length
    found = pieces(text)
    assert len(found) + TOLD_PROBLEMS < 100
    assert all(len(piece) <= 3_000 for _, piece in found)
