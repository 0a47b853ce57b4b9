"""Modals and the Home tab, with the real SDK as the app."""

import asyncio

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.json import JSON
from tests.emulators.conftest import Clock
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_calls import connected, plain, refused
from tests.emulators.slack_page import page
from tests.emulators.slack_people import Person
from tests.emulators.slack_state import Place


def drawn(slack: SlackEmulator, place: Place, viewer: Person) -> str:
    return page(place, viewer, slack.users, lambda thread: slack.status(place, thread))


def modal(**more: JSON) -> JSON:
    name = {"type": "plain_text_input", "action_id": "name", "initial_value": "Bo"}
    color = {
        "type": "static_select",
        "action_id": "color",
        "options": [{"text": plain(text), "value": text} for text in ("red", "blue")],
    }
    inputs = [
        {"type": "input", "block_id": f"b{place}", "label": plain("?"), "element": element}
        for place, element in enumerate((name, color))
    ]
    return {"type": "modal", "title": plain("Edit"), "submit": plain("Save"), "blocks": inputs, **more}


async def triggered(slack: SlackEmulator, ann: Person) -> str:
    """What a command without a connection still gives: a trigger."""
    return str(ann.command("/apprentice", "edit", ann.direct).payload["trigger_id"])


async def test_a_trigger_opens_one_modal_within_three_seconds(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, clock: Clock
) -> None:
    trigger = await triggered(slack, ann)
    waiting = asyncio.create_task(slack.wait_for(lambda: ann.views))
    opened = await client.views_open(trigger_id=trigger, view=modal(private_metadata="7"))
    assert await waiting == ann.views
    assert (ann.views[-1].id, opened["view"]["private_metadata"]) == (opened["view"]["id"], "7")
    assert await refused(client.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    assert await refused(client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"
    late = await triggered(slack, ann)
    clock.seconds += 3.1
    assert await refused(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"


async def test_a_modal_is_filled_in_later(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    wait = modal(blocks=[], title=plain("Wait"))
    opened = (await client.views_open(trigger_id=await triggered(slack, ann), view=wait))["view"]
    await client.views_update(view_id=opened["id"], hash=opened["hash"], view=modal())
    assert ann.views[-1].given["title"] == plain("Edit")
    assert await refused(client.views_update(view_id=opened["id"], hash=opened["hash"], view=wait)) == "hash_conflict"
    assert await refused(client.views_update(view_id="V404", view=wait)) == "not_found"
    submission = ann.submit(ann.views[-1], {"color": "blue"})
    values = submission.payload["view"]["state"]["values"]
    assert values["b0"]["name"]["value"] == "Bo"
    assert values["b1"]["color"]["selected_option"]["value"] == "blue"
    with pytest.raises(LookupError, match="shape"):
        ann.submit(ann.views[-1], {"shape": "round"})
    await slack.wait_for(lambda: submission.given_up)
    assert ann.views[-1].errors == {"": "the app did not answer"}


async def test_what_an_app_may_answer_to_a_form(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    await client.views_open(trigger_id=await triggered(slack, ann), view=modal())
    first = ann.views[0]
    answers = [
        {"response_action": "errors", "errors": {"b0": "no"}},
        {"response_action": "update", "view": modal(title=plain("Second"))},
        {"response_action": "push", "view": modal(title=plain("Third"))},
        {"response_action": "update", "view": modal(type="home")},
        {"response_action": "clear"},
    ]
    seen = []
    async with connected(slack) as socket:
        for answer in answers:
            submission = ann.submit(ann.views[-1])
            await socket.acknowledge(await socket.next(), answer)
            await slack.wait_for(lambda sent=submission: sent.acknowledged)  # type: ignore[misc] # bound in the loop
            seen.append([(view.given["title"]["text"], view.errors) for view in ann.views])
    assert seen[:3] == [[("Edit", {"b0": "no"})], [("Second", {})], [("Second", {}), ("Third", {})]]
    assert seen[3:] == [[("Second", {}), ("Third", {"": "invalid_arguments"})], []]
    assert first.given["title"] == plain("Second")


async def test_modals_stand_on_one_another_three_high(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person
) -> None:
    await client.views_open(trigger_id=await triggered(slack, ann), view=modal())
    for _ in range(2):
        await client.views_push(trigger_id=await triggered(slack, ann), view=modal())
    pushed = client.views_push(trigger_id=await triggered(slack, ann), view=modal())
    assert (await refused(pushed), len(ann.views)) == ("push_limit_reached", 3)
    await client.views_open(trigger_id=await triggered(slack, ann), view=modal())
    assert len(ann.views) == 1


@pytest.mark.parametrize(
    "view",
    [
        modal(title=plain("x" * 25)),
        modal(submit=plain("x" * 25)),
        modal(private_metadata="x" * 3001),
        modal(callback_id="x" * 256),
        {name: value for name, value in modal().items() if name != "submit"},
        {name: value for name, value in modal().items() if name != "title"},
        modal(type="home"),
    ],
)
async def test_views_that_slack_does_not_take(
    slack: SlackEmulator, client: AsyncWebClient, ann: Person, view: JSON
) -> None:
    opened = client.views_open(trigger_id=await triggered(slack, ann), view=view)
    assert await refused(opened) == "invalid_arguments"


async def test_the_home_tab(slack: SlackEmulator, client: AsyncWebClient, ann: Person) -> None:
    blocks = [{"type": "section", "text": plain("Your skills")}]
    await client.views_publish(user_id=ann.id, view={"type": "home", "blocks": blocks})
    assert "<h2>Home</h2><p>Your skills</p>" in drawn(slack, ann.direct, ann)
    wrong = {"type": "home", "blocks": [{"type": "markdown", "text": "x"}]}
    assert await refused(client.views_publish(user_id=ann.id, view=wrong)) == "invalid_blocks"
