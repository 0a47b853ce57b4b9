"""Sending: in order, part by part, each part recorded at once."""

from typing import Any

import pytest

from bot.domain.chat import Outgoing
from bot.engine.outbox import Outbox
from bot.errors import DeliverLater, MaybeDelivered, Undeliverable
from bot.store import journal
from bot.store.commits import Commit
from bot.store.deliveries import deliver
from bot.store.store import Store
from bot.store.turns import Turn, claim
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
