"""Where the bot is: thrown out and back, archived channels, other ids, and the app's removal."""

import structlog

from bot.domain.chat import ChatMoved, Conversation, Event, MembershipChanged, Person
from tests.adapters.contract import Inbox, receiving
from tests.adapters.slack_harness import SlackHarness
from tests.emulators.slack_state import Place


async def heard(harness: SlackHarness, *acts: object) -> list[Event]:
    """The events of what happens while the bot listens; each act is a function."""
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.listening()
        for act in acts:
            act()  # type: ignore[operator] # functions of the tests below
        await harness.slack.wait_for(lambda: all(sent.acknowledged for sent in harness.slack.outbox.deliveries))
    assert {sent.attempts for sent in harness.slack.outbox.deliveries} == {1}
    return inbox.offered


def place_of(harness: SlackHarness, room: Place) -> Conversation:
    return Conversation("slack", f"{harness.slack.team}/{room.id}")


async def test_thrown_out_and_back(harness: SlackHarness) -> None:
    for private in (False, True):
        room = harness.slack.channel("kitchen", harness.ann, private=private)
        out, back = await heard(
            harness, lambda room=room: harness.slack.remove_bot(room), lambda room=room: harness.slack.invite_bot(room)
        )
        assert isinstance(out, MembershipChanged)
        assert isinstance(back, MembershipChanged)
        assert (out.member, back.member) == (False, True)
        assert out.conversation == back.conversation == place_of(harness, room)
        assert not out.conversation.direct
        assert (out.person, back.person) == (harness.person, harness.person)
        assert out.key != back.key


async def test_other_people_come_and_go(harness: SlackHarness) -> None:
    ben, room = harness.slack.person("Ben"), harness.slack.channel("kitchen", harness.ann)
    left = {"type": "member_left_channel", "user": ben.id, "channel": room.id, "channel_type": "C"}
    assert await heard(harness, lambda: harness.slack.invite(ben, room), lambda: harness.slack.feed.emit(left)) == []


async def test_a_departure_told_as_a_members_counts_too(harness: SlackHarness) -> None:
    room = harness.slack.channel("kitchen", harness.ann)
    left = {"type": "member_left_channel", "user": harness.slack.bot.id, "channel": room.id, "channel_type": "C"}
    (event,) = await heard(harness, lambda: harness.slack.feed.emit(left))
    assert isinstance(event, MembershipChanged)
    assert not event.member


async def test_an_archived_channel_is_one_without_the_bot(harness: SlackHarness) -> None:
    for private in (False, True):
        room = harness.slack.channel("kitchen", harness.ann, private=private)
        events = await heard(
            harness,
            lambda room=room: harness.slack.archive(room),
            lambda room=room: harness.slack.archive(room, archived=False),
        )
        assert [event.member for event in events if isinstance(event, MembershipChanged)] == [False, True]


async def test_a_channel_gets_another_id(harness: SlackHarness) -> None:
    room = harness.slack.channel("kitchen", harness.ann)
    before = place_of(harness, room)
    (event,) = await heard(harness, lambda: harness.slack.renumber(room))
    assert isinstance(event, ChatMoved)
    assert (event.conversation, event.chat) == (before, f"{harness.slack.team}/{room.id}")
    assert event.person == Person(f"slack:{harness.slack.team}/{harness.slack.bot.id}")


async def test_the_operator_reads_that_the_app_was_removed(harness: SlackHarness) -> None:
    with structlog.testing.capture_logs() as lines:
        assert await heard(harness, harness.slack.uninstall) == []
    told = [line for line in lines if line["event"] == "slack.removed"]
    assert [line["event_type"] for line in told] == ["tokens_revoked", "app_uninstalled"]
    assert all("SLACK_BOT_TOKEN" in line["advice"] for line in told)


async def test_a_persons_token_is_not_the_bots(harness: SlackHarness) -> None:
    with structlog.testing.capture_logs() as lines:
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [harness.ann.id]}}
        assert await heard(harness, lambda: harness.slack.feed.emit(revoked)) == []
    assert [line for line in lines if line["event"] == "slack.removed"] == []
