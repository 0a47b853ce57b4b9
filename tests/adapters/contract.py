"""What every chat adapter must do: checks for any platform, each a function of a fresh harness.

A check passes, or raises AssertionError with what the adapter did wrong.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from bot.domain.chat import (
    Activity,
    Attachment,
    Button,
    ButtonClicked,
    Conversation,
    Event,
    MessageReceived,
    Outgoing,
    Person,
    Progress,
)
from bot.errors import StoreError, Undeliverable
from bot.ports import ChatAdapter

PATIENCE = 60.0
"""Seconds after which something that should happen is taken not to happen."""
BUTTONS = ((Button("Approve", "a1"), Button("Reject", "r1")), (Button("Details", "d1"),))
LABELS = (("Approve", "Reject"), ("Details",))
WORDS = tuple(f"w{place}" for place in range(2500))
ODD = (
    "",
    " \n",
    "<b> & </b>",
    "*_`[",
    "\ud83d",
    "a\0b",
    "שלום **עולם** 🇩🇪",
    "# " * 5000,
    "> " * 3000,
    "|" * 9000,
)
"""Texts that platforms stumble over."""
LONG = "\n".join(" ".join(WORDS[start : start + 20]) for start in range(0, len(WORDS), 20))


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot as the person sees it now: its text and the labels of its buttons, row by row."""

    text: str
    buttons: tuple[tuple[str, ...], ...] = ()


class Harness(Protocol):
    """An adapter, open and ready to `run`, and a person who is alone with it in `conversation`.

    `redelivers`: the platform brings an event again that was not committed, and people can send files there (not in a
    terminal).
    """

    @property
    def adapter(self) -> ChatAdapter: ...
    @property
    def conversation(self) -> Conversation: ...
    @property
    def person(self) -> Person: ...
    @property
    def redelivers(self) -> bool: ...

    async def say(self, text: str) -> None:
        """The person writes."""

    async def share(self, name: str, content: bytes) -> None:
        """The person sends a file, where people can."""

    async def press(self, label: str) -> None:
        """The person presses the newest button that reads so."""

    def shown(self) -> Sequence[Shown]:
        """The bot's messages, oldest first."""


Check = Callable[[Harness], Awaitable[None]]


class Inbox:
    """Takes events as the store does, after `refusals` events that it does not take."""

    def __init__(self, refusals: int = 0) -> None:
        self.offered: list[Event] = []
        self._taken: asyncio.Queue[Event] = asyncio.Queue()
        self._refusals = refusals

    async def accept(self, event: Event) -> None:
        """Take the event, or raise StoreError."""
        self.offered.append(event)
        if len(self.offered) <= self._refusals:
            raise StoreError("The disk is full.")
        self._taken.put_nowait(event)

    async def take(self) -> Event:
        """The next event that was taken."""
        try:
            return await asyncio.wait_for(self._taken.get(), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"No event came; offered until now: {self.offered}") from None

    async def hears(self, *texts: str) -> None:
        """The next messages that are taken say this."""
        for text in texts:
            event = await self.take()
            assert isinstance(event, MessageReceived), f"{event} came, not {text!r}"
            assert event.text == text


@asynccontextmanager
async def receiving(adapter: ChatAdapter, accept: Callable[[Event], Awaitable[None]]) -> AsyncIterator[None]:
    """Let the adapter receive, and stop it by cancellation."""
    run = asyncio.create_task(adapter.run(accept))
    try:
        yield
    finally:
        run.cancel()
        await asyncio.wait([run], timeout=PATIENCE)
        assert run.done(), "run() goes on after its cancellation"
        assert run.cancelled() or run.exception() is None, f"run() died: {run.exception()!r}"


async def a_message_becomes_one_event(harness: Harness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.say("list the orders, größer ≥ 5 👩‍🔬")
        await harness.say("second")
        await inbox.hears("list the orders, größer ≥ 5 👩‍🔬", "second")
    assert len(inbox.offered) == 2, f"Offered: {inbox.offered}"
    first, second = inbox.offered
    assert first.key != second.key
    assert (first.conversation, first.person) == (harness.conversation, harness.person)
    assert first.conversation.direct


async def only_values_of_the_domain_come(harness: Harness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.say("hello")
        await harness.adapter.send(Outgoing(harness.conversation, "Well?", BUTTONS), 0)
        await harness.press("Approve")
        for event in (await inbox.take(), await inbox.take()):
            foreign = [value for value in _values(event) if type(value).__module__ not in _HOUSE]
            assert not foreign, f"{type(event).__name__} carries {foreign}"
            assert event.at.utcoffset() == timedelta(0), f"{event.at} is not in UTC"


async def an_event_that_was_not_taken_comes_again(harness: Harness) -> None:
    if not harness.redelivers:
        return
    inbox = Inbox(refusals=1)
    async with receiving(harness.adapter, inbox.accept):
        await harness.say("first")
        await inbox.hears("first")
        await harness.say("second")
        await inbox.hears("second")
    assert inbox.offered[0] == inbox.offered[1], "It came again as another event"


async def nothing_is_confirmed_before_it_is_taken(harness: Harness) -> None:
    if not harness.redelivers:
        return
    offered = asyncio.Event()

    async def never_done(_: Event) -> None:
        offered.set()
        await asyncio.Event().wait()

    async with receiving(harness.adapter, never_done):
        await harness.say("first")
        await asyncio.wait_for(offered.wait(), PATIENCE)
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await inbox.hears("first")


async def a_click_gives_the_buttons_id(harness: Harness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        message_id = await harness.adapter.send(Outgoing(harness.conversation, "Approve it?", BUTTONS), 0)
        await harness.press("Details")
        click = await inbox.take()
        assert isinstance(click, ButtonClicked)
        assert (click.button, click.message_id) == ("d1", message_id)
        assert (click.conversation, click.person) == (harness.conversation, harness.person)
        await harness.adapter.answer(click, "Here are the details.")
        await harness.adapter.answer(replace(click, token="stale"), "x" * 1000)


async def long_text_arrives_whole_and_in_order(harness: Harness) -> None:
    message = Outgoing(harness.conversation, LONG, BUTTONS)
    parts = harness.adapter.parts(message)
    for part in range(parts):
        await harness.adapter.send(message, part)
    shown = harness.shown()
    assert tuple(" ".join(message.text for message in shown).split()) == WORDS
    assert [message.buttons for message in shown] == [()] * (parts - 1) + [LABELS]


async def sending_goes_on_at_any_part(harness: Harness) -> None:
    message = Outgoing(harness.conversation, LONG, BUTTONS)
    last = harness.adapter.parts(message) - 1
    await harness.adapter.send(message, last)
    shown = harness.shown()
    assert [message.buttons for message in shown] == [LABELS]
    assert tuple(shown[0].text.split()) == WORDS[-len(shown[0].text.split()) :]


async def an_edit_replaces_text_and_buttons(harness: Harness) -> None:
    message_id = await harness.adapter.send(Outgoing(harness.conversation, "Approve it?", BUTTONS), 0)
    decided = Outgoing(harness.conversation, "Ann approved it.")
    await harness.adapter.edit(decided, message_id)
    await harness.adapter.edit(decided, message_id)
    assert harness.shown()[-1] == Shown("Ann approved it.")


async def any_text_can_be_sent(harness: Harness) -> None:
    for text in ODD:
        before, message = len(harness.shown()), Outgoing(harness.conversation, text)
        for part in range(harness.adapter.parts(message)):
            await harness.adapter.send(message, part)
        assert len(harness.shown()) > before, f"Nothing stands for {text[:20]!r}"


async def what_grows_becomes_the_answer(harness: Harness) -> None:
    adapter, before = harness.adapter, len(harness.shown())
    reads = Activity("Reads a.txt", "running")
    live = await adapter.progress(_progress(harness, "", reads), "")
    for text in ("Once", "Once upon a time"):
        assert await adapter.progress(_progress(harness, text, replace(reads, state="done")), live) == live
    answer = Outgoing(harness.conversation, "There was a bot.")
    if live:
        assert "Once upon a time" in harness.shown()[-1].text
        await adapter.edit(answer, live)
        await adapter.edit(answer, live)
    else:
        await adapter.send(answer, 0)
    assert harness.shown()[before:] == [Shown("There was a bot.")]


async def a_live_messages_button_can_be_pressed(harness: Harness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        live = await harness.adapter.progress(_progress(harness, "Once"), "")
        if not live:
            return
        await harness.press("Stop")
        click = await inbox.take()
        assert isinstance(click, ButtonClicked)
        assert (click.button, click.message_id) == ("s1", live)


async def anything_can_be_shown_of_the_work(harness: Harness) -> None:
    assert harness.adapter.pace(harness.conversation) > 0
    for text in (*ODD, LONG):
        activities = [Activity(text, state) for state in ("running", "done", "failed")] * 30
        live = await harness.adapter.progress(_progress(harness, text), "")
        await harness.adapter.progress(_progress(harness, text, *activities), live)
        if live:
            await harness.adapter.edit(Outgoing(harness.conversation, text), live)


async def a_file_is_fetched_up_to_a_limit(harness: Harness) -> None:
    gone = Attachment("nothing", "a.txt", "text/plain")
    with _refused("a file that is not there"):
        await harness.adapter.fetch(gone, 100)
    if not harness.redelivers:
        return
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.share("größe 1.txt", b"hello")
        said = await inbox.take()
    assert isinstance(said, MessageReceived)
    (file,) = said.attachments
    assert (file.name, file.media, file.size) == ("größe 1.txt", "text/plain", 5)
    assert await harness.adapter.fetch(file, 5) == b"hello"
    for known in (file, replace(file, size=0)):
        with _refused("more than the limit"):
            await harness.adapter.fetch(known, 4)


async def a_message_can_be_shown_as_heard(harness: Harness) -> None:
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.say("and this")
        said = await inbox.take()
        assert isinstance(said, MessageReceived)
        for message in (said.message_id, said.message_id, "1"):
            await harness.adapter.seen(harness.conversation, message)


async def the_rest_of_the_port_answers(harness: Harness) -> None:
    await harness.adapter.working(harness.conversation)
    assert await harness.adapter.is_admin(harness.conversation, harness.person)
    assert await harness.adapter.is_here(harness.conversation, harness.person)


async def cancellation_leaves_nothing_behind(harness: Harness) -> None:
    before = asyncio.all_tasks()
    inbox = Inbox()
    async with receiving(harness.adapter, inbox.accept):
        await harness.say("hello")
        await inbox.take()
    left = {task for task in asyncio.all_tasks() - before if not _of_a_server(task)}
    if left:
        await asyncio.wait(left, timeout=PATIENCE)
    assert all(task.done() for task in left), f"Still running: {left}"


CHECKS: tuple[Check, ...] = (
    a_message_becomes_one_event,
    only_values_of_the_domain_come,
    an_event_that_was_not_taken_comes_again,
    nothing_is_confirmed_before_it_is_taken,
    a_click_gives_the_buttons_id,
    long_text_arrives_whole_and_in_order,
    sending_goes_on_at_any_part,
    an_edit_replaces_text_and_buttons,
    any_text_can_be_sent,
    what_grows_becomes_the_answer,
    a_live_messages_button_can_be_pressed,
    anything_can_be_shown_of_the_work,
    a_file_is_fetched_up_to_a_limit,
    a_message_can_be_shown_as_heard,
    the_rest_of_the_port_answers,
    cancellation_leaves_nothing_behind,
)


def _progress(harness: Harness, text: str, *activities: Activity) -> Progress:
    return Progress(harness.conversation, harness.person, "", text, activities, Button("Stop", "s1"))


@contextmanager
def _refused(what: str) -> Iterator[None]:
    try:
        yield
    except Undeliverable:
        return
    raise AssertionError(f"It took {what}")


_HOUSE = {"builtins", "datetime", "bot.domain.chat"}


def _values(value: object) -> list[object]:
    """A value and all that its fields hold."""
    if not dataclasses.is_dataclass(value):
        return [value]
    inner = (getattr(value, field.name) for field in dataclasses.fields(value))
    return [value, *(found for part in inner for found in _values(part))]


def _of_a_server(task: asyncio.Task[object]) -> bool:
    """Whether it belongs to an emulator that lives in this loop too."""
    return "RequestHandler" in repr(task.get_coro())
