"""Sending: in order, part by part, each part recorded at once."""

import asyncio
from typing import Any

import pytest

from bot.domain.chat import Button, Outgoing
from bot.engine.outbox import Outbox
from bot.errors import DeliverLater, MaybeDelivered, Undeliverable
from bot.store import journal
from bot.store.commits import Commit
from bot.store.deliveries import deliver
from bot.store.store import Store
from bot.store.turns import Turn, claim, finish, postpone
from tests.engine.made import ROOM, HandClock, KeptChat

CLOCK = HandClock()


async def delivery(store: Store, text: str, replaces: str = "") -> Turn:
    message = Outgoing(ROOM, text)
    await store.write(Commit.INTAKE, lambda connection: deliver(connection, message, text, 1.0, replaces=replaces))
    return await claim_again(store)


async def claim_again(store: Store) -> Turn:
    turn = await store.write(Commit.CLAIM, lambda connection: claim(connection, ROOM.out_lane, 1.0))
    assert isinstance(turn, Turn)
    return turn


def outbox(store: Store, chat: KeptChat, probed: list[str] | None = None) -> Outbox:
    return Outbox(store, CLOCK, {chat.platform: chat}, (probed if probed is not None else []).append)


async def sent_ids(store: Store, turn: Turn) -> list[Any]:
    found = await store.read(lambda connection: journal.entries(connection, [turn.id]))
    return [entry.result for entry in found[turn.id]]


async def test_each_part_is_posted_once_and_recorded(store: Store) -> None:
    chat, probed = KeptChat(), []
    turn = await delivery(store, "a|b|c")
    await store.write(Commit.FINISH, await outbox(store, chat, probed)(turn))
    assert await sent_ids(store, turn) == ["m1", "m2", "m3"]
    assert probed == ["before:send", "after:send"] * 3


async def test_what_was_recorded_is_not_posted_again(store: Store) -> None:
    chat = KeptChat()
    turn = await delivery(store, "a|b")
    with pytest.raises(DeliverLater):
        await outbox(store, _failing_at(chat, 2))(turn)
    turn = await claim_again(store)
    await store.write(Commit.FINISH, await outbox(store, chat)(turn))
    assert await sent_ids(store, turn) == ["m1", "m2"]
    assert len(chat.sent) == 2


def _failing_at(chat: KeptChat, call: int) -> KeptChat:
    post = chat.send
    calls = iter(range(1, 100))

    async def send(message: Outgoing, part: int) -> str:
        if next(calls) == call:
            raise DeliverLater("busy")
        return await post(message, part)

    failing = KeptChat()
    failing.send = send  # type: ignore[method-assign]  # the far end misbehaves
    return failing


class AskedChat(KeptChat):
    """A chat that can be asked what stands in it: `told` are its answers, errors raised; it keeps what it was asked."""

    def __init__(self, *faults: Exception, told: tuple[str | Exception | None, ...]) -> None:
        super().__init__(*faults)
        self.told = list(told)
        self.asked: list[str] = []

    async def posted(self, message: Outgoing, part: int) -> str | None:
        self.asked.append(f"{message.key}/{part}")
        told = self.told.pop(0)
        if isinstance(told, Exception):
            raise told
        return told


async def worked(store: Store, chat: KeptChat, turn: Turn) -> Turn:
    """Let the outbox run a delivery until it ends, claimed again as often as it is put off."""
    while True:
        try:
            await store.write(Commit.FINISH, await outbox(store, chat)(turn))
        except DeliverLater as error:
            reason = str(error)
            await store.write(
                Commit.LATER, lambda connection, turn=turn, reason=reason: postpone(connection, turn, 1.0, reason)
            )
            turn = await claim_again(store)
        else:
            return turn


@pytest.mark.parametrize(
    ("told", "sent", "ids"),
    [
        (("x1",), 0, ["x1", "m1"]),
        ((None, "x1"), 0, ["x1", "m1"]),
        ((DeliverLater("busy"), "x1"), 0, ["x1", "m1"]),
        ((None, None), 1, ["m1", "m2"]),
        ((DeliverLater("busy"), DeliverLater("busy"), None), 1, ["m1", "m2"]),
        ((None, MaybeDelivered("mute")), 0, ["", "m1"]),
    ],
)
async def test_where_a_platform_can_be_asked_a_lost_answer_is_looked_for_and_sent_if_it_is_not_there(
    store: Store, told: tuple[str | Exception | None, ...], sent: int, ids: list[str]
) -> None:
    chat = AskedChat(MaybeDelivered("lost"), told=told)
    turn = await worked(store, chat, await delivery(store, "a|b"))
    assert await sent_ids(store, turn) == ids
    assert (len(chat.sent), chat.told) == (sent + 1, [])
    assert set(chat.asked) == {f"{turn.key}@{turn.created:.3f}/0"}


@pytest.mark.parametrize(("told", "sent"), [("x1", 0), (None, 1), (MaybeDelivered("mute"), 1)])
async def test_what_a_crash_kept_from_being_recorded_is_looked_for(
    store: Store, told: str | Exception | None, sent: int
) -> None:
    await delivery(store, "a")
    chat = AskedChat(told=(told,))
    turn = await claim_again(store)
    await store.write(Commit.FINISH, await outbox(store, chat)(turn))
    assert len(chat.sent) == sent
    assert await sent_ids(store, turn) == ["m1" if sent else "x1"]


async def test_a_part_that_the_database_does_not_record_is_not_posted_again(store: Store) -> None:
    chat = KeptChat()
    sending = outbox(store, chat)
    turn = await delivery(store, "a|b")
    await sending(turn)  # and what it gives is never written
    turn = await claim_again(store)
    await store.write(Commit.FINISH, await sending(turn))
    assert await sent_ids(store, turn) == ["m1", "m2"]
    assert len(chat.sent) == 2
    await store.write(Commit.FINISH, lambda connection: finish(connection, turn, 1.0))
    other = await delivery(store, "c")
    await store.write(Commit.FINISH, await sending(other))
    assert len(chat.sent) == 3


async def test_an_edit_whose_answer_was_lost_is_made_again(store: Store) -> None:
    chat = KeptChat(MaybeDelivered("lost"))
    await worked(store, chat, await delivery(store, "new words", replaces="m7"))
    assert [id for id, _ in chat.edited] == ["m7"]


async def test_a_lost_answer_is_not_sent_again_and_the_rest_follows(store: Store) -> None:
    chat = KeptChat(MaybeDelivered("lost"))
    turn = await delivery(store, "a|b")
    await store.write(Commit.FINISH, await outbox(store, chat)(turn))
    assert await sent_ids(store, turn) == ["", "m1"]


async def test_an_edit_replaces_and_a_platform_that_is_off_is_named(store: Store) -> None:
    chat = KeptChat()
    await outbox(store, chat)(await delivery(store, "new words", replaces="m7"))
    assert [(id, message.text) for id, message in chat.edited] == [("m7", "new words")]
    with pytest.raises(Undeliverable, match="telegram"):
        await Outbox(store, CLOCK, {}, lambda _: None)(await delivery(store, "nobody there"))


async def live(store: Store, text: str, buttons: tuple[tuple[Button, ...], ...] = ()) -> Turn:
    message = Outgoing(ROOM, text, buttons)
    await store.write(Commit.INTAKE, lambda connection: deliver(connection, message, text, 1.0, live="m7"))
    return await claim_again(store)


async def test_the_first_part_takes_a_live_messages_place_and_the_rest_follows(store: Store) -> None:
    chat, probed = KeptChat(), list[str]()
    turn = await live(store, "a|b", ((Button("Up", "u"),),))
    await store.write(Commit.FINISH, await outbox(store, chat, probed)(turn))
    assert [(place, message.text, message.buttons) for place, message in chat.edited] == [("m7", "a|b", ())]
    assert [message.buttons for message in chat.sent] == [((Button("Up", "u"),),)]
    assert await sent_ids(store, turn) == ["m7", "m1"]
    assert probed == ["before:send", "after:send"] * 2


async def test_alone_it_has_the_buttons(store: Store) -> None:
    chat = KeptChat()
    await outbox(store, chat)(await live(store, "a", ((Button("Up", "u"),),)))
    assert [len(message.buttons) for _, message in chat.edited] == [1]


async def test_what_takes_the_place_of_a_message_that_is_gone_is_posted(store: Store) -> None:
    chat = KeptChat(Undeliverable("message to edit not found"))
    turn = await live(store, "a|b")
    await store.write(Commit.FINISH, await outbox(store, chat)(turn))
    assert (chat.edited, len(chat.sent)) == ([], 2)
    assert await sent_ids(store, turn) == ["m1", "m2"]


@pytest.mark.parametrize("fault", [DeliverLater("busy"), MaybeDelivered("lost")])
async def test_an_edit_that_may_have_failed_is_made_again(store: Store, fault: Exception) -> None:
    chat = KeptChat(fault)
    turn = await live(store, "a|b")
    with pytest.raises(DeliverLater):
        await outbox(store, chat)(turn)
    turn = await claim_again(store)
    await store.write(Commit.FINISH, await outbox(store, chat)(turn))
    assert await sent_ids(store, turn) == ["m7", "m1"]


async def test_after_a_crash_behind_the_first_part_only_the_rest_is_sent(store: Store) -> None:
    chat = KeptChat()
    turn = await live(store, "a|b")
    with pytest.raises(DeliverLater):
        await outbox(store, _failing_at(chat, 1))(turn)
    turn = await claim_again(store)
    await store.write(Commit.FINISH, await outbox(store, chat)(turn))
    assert chat.edited == []
    assert await sent_ids(store, turn) == ["m7", "m1"]


class SlowChat(KeptChat):
    """Posts, and answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let = asyncio.Event(), asyncio.Event()

    async def send(self, message: Outgoing, part: int) -> str:
        self.begun.set()
        await self.let.wait()
        return await super().send(message, part)


async def test_a_post_under_way_when_the_process_stops_is_recorded_and_not_made_again(store: Store) -> None:
    chat = SlowChat()
    turn = await delivery(store, "a")
    running = asyncio.create_task(outbox(store, chat)(turn))
    await chat.begun.wait()
    running.cancel()
    chat.let.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    again = await claim_again(store)
    await store.write(Commit.FINISH, await outbox(store, chat)(again))
    assert len(chat.sent) == 1
    assert await sent_ids(store, again) == ["m1"]


async def test_what_may_have_been_posted_behind_a_live_message_does_not_go_into_it_any_more(store: Store) -> None:
    chat = AskedChat(Undeliverable("message to edit not found"), MaybeDelivered("lost"), told=(None, None))
    await worked(store, chat, await live(store, "a"))
    assert (chat.edited, len(chat.sent)) == ([], 1)
