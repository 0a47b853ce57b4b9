"""The App Home: who opens it, what stands on it within Slack's limits, and what a click on it says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.home import BLOCKS, view
from adapters.slack.rich_text import rich_text
from bot.domain.chat import Button, ButtonClicked, Conversation, Home, HomeOpened, Outgoing, Person
from bot.errors import DeliverLater, MaybeDelivered, Undeliverable
from tests.adapters.contract import Inbox, receiving
from tests.adapters.slack_harness import SlackHarness
from tests.emulators.slack_faults import dropped, flood, refused
from tests.emulators.slack_limits import VIEW_BYTES, checked_blocks

HERE = Conversation("slack", "T1/D1")
ROW = (Button("Approve", "a1"), Button("Edit", "e1", form=True))


def home(harness: SlackHarness, *pieces: tuple[str, tuple[Button, ...]]) -> Home:
    """Ann's page."""
    made = (Outgoing(harness.conversation, text, (row,) if row else ()) for text, row in pieces)
    return Home(harness.conversation, harness.person, tuple(made))


def texts(markdown: str) -> list[str]:
    """What is read in each block."""
    return ["".join(_leaves(block)) for block in rich_text(markdown)]


def _leaves(part: dict[str, object] | list[object]) -> list[str]:
    if isinstance(part, list):
        return [leaf for one in part for leaf in _leaves(one)]  # type: ignore[arg-type]  # JSON's lists hold JSON
    found = part.get("text")
    if isinstance(found, str):
        return [found]
    return _leaves(part.get("elements") or [found])  # type: ignore[arg-type,list-item]  # as above


async def test_who_opens_their_home_is_told_of_and_sees_what_is_published(harness: SlackHarness) -> None:
    inbox = Inbox()
    harness.ann.locale = "de-DE"
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        harness.ann.open_home("messages")
        harness.ann.open_home()
        event = await inbox.take()
        await harness.adapter.home(home(harness, ("## Waiting\n\n**Shall I?**", ROW), ("Nothing.", ())))
    assert isinstance(event, HomeOpened)
    assert (event.conversation, event.person) == (harness.conversation, harness.person)
    assert event.conversation.direct
    assert event.conversation.language == "de-DE"
    assert len(inbox.offered) == 1
    assert harness.ann.home is not None
    kinds = [block["type"] for block in harness.ann.home.blocks]
    assert kinds == ["header", "rich_text", "actions", "divider", "rich_text", "divider"]
    assert harness.posted == []


async def test_a_click_on_it_is_one_in_the_direct_chat_under_no_message(harness: SlackHarness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        await harness.adapter.home(home(harness, ("Shall I?", ROW)))
        assert harness.ann.home is not None
        harness.ann.press_in_view(harness.ann.home, "Approve")
        click = await inbox.take()
        assert isinstance(click, ButtonClicked)
        assert (click.conversation, click.person) == (harness.conversation, harness.person)
        assert (click.button, click.message_id, click.token, click.text) == ("a1", "", "", None)
        harness.ann.press_in_view(harness.ann.home, "Edit")
        opened = await inbox.take()
        assert isinstance(opened, ButtonClicked)
        assert harness.ann.views
        harness.ann.submit(harness.ann.views[-1])
        given = await inbox.take()
    assert isinstance(given, ButtonClicked)
    assert (given.button, given.message_id, given.text) == ("e1", "", "")
    assert given.conversation == harness.conversation


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (flood(3), DeliverLater),
        (refused("internal_error"), DeliverLater),
        (refused("view_too_large"), Undeliverable),
        (dropped(), MaybeDelivered),
    ],
)
async def test_what_slack_refuses_is_said(harness: SlackHarness, fault: object, raised: type[Exception]) -> None:
    harness.slack.fault("views.publish", fault)  # type: ignore[arg-type]  # the faults of the emulator
    with pytest.raises(raised):
        await harness.adapter.home(home(harness, ("Nothing.", ())))


def test_the_fullest_page_is_within_the_limits() -> None:
    row = tuple(Button("x" * 90, f"b{number}") for number in range(5))
    for words, most in (("Shall I?", BLOCKS // 4), ("😀" * 500_000, 4)):
        piece = Outgoing(HERE, f"## Head\n\n**Shall I?**\n\n{words}", (row,))
        made = view(Home(HERE, Person("slack:T1/U1"), (piece,) * 60))
        assert len(checked_blocks(made["blocks"], BLOCKS, "home")) == 4 * most  # none without its buttons
        assert len(json.dumps(made)) < VIEW_BYTES


def test_markdown_reads_the_same() -> None:
    blocks = rich_text("## Work\n\n**Shall** _I_?\n\nSo `a*b` it\nis.\n\n- one\n- **two**\n\n```yaml\na: 1\n```\n")
    assert [block["type"] for block in blocks] == ["header", "rich_text"]
    first, second, listed, code = blocks[1]["elements"]
    assert [(part["text"], part.get("style")) for part in first["elements"]] == [
        ("Shall", {"bold": True}),
        (" ", None),
        ("I", {"italic": True}),
        ("?", None),
        ("\n", None),
    ]
    assert [part["text"] for part in second["elements"]] == ["So ", "a*b", " it", "\n", "is."]
    assert [item["elements"][0]["text"] for item in listed["elements"]] == ["one", "two"]
    assert code == {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a: 1"}]}


def test_what_a_skill_says_calls_nobody_and_links_nothing() -> None:
    said = "<!channel> <@U1> [here](https://x.example) <https://x.example>"
    [block] = rich_text(said)
    assert {part["type"] for part in block["elements"][0]["elements"]} == {"text"}


@given(st.text(alphabet=st.sampled_from("ab *_`~-#>|<&\n1.[]()\\!\t\x00é"), max_size=120))
def test_any_text_is_taken(markdown: str) -> None:
    blocks = rich_text(markdown)
    checked_blocks(blocks, len(blocks), "home")
