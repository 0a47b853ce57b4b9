"""Every adapter keeps the contract, and the contract notices an adapter that does not."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from adapters.telegram.adapter import TelegramAdapter
from bot.domain.chat import Attachment, Event, Outgoing, Progress
from tests.adapters import contract
from tests.adapters.console_harness import console_harness
from tests.adapters.contract import Check, Harness
from tests.adapters.slack_harness import slack_harness, slack_http_harness
from tests.adapters.telegram_harness import telegram_harness, telegram_webhook_harness

Accept = Callable[[Event], Awaitable[None]]
Opener = Callable[[], AbstractAsyncContextManager[Harness]]

HARNESSES: dict[str, Opener] = {
    "telegram": telegram_harness,
    "telegram-webhook": telegram_webhook_harness,
    "slack": slack_harness,
    "slack-http": slack_http_harness,
    "console": console_harness,
}


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("platform", HARNESSES)
async def test_contract(platform: str, check: Check) -> None:
    async with HARNESSES[platform]() as harness:
        await check(harness)


class ConfirmsFirst(TelegramAdapter):
    async def run(self, accept: Accept) -> None:
        self.tasks: set[asyncio.Task[None]] = set()

        async def at_once(event: Event) -> None:
            self.tasks.add(asyncio.ensure_future(accept(event)))

        try:
            await super().run(at_once)
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)


class OffersTwice(TelegramAdapter):
    async def run(self, accept: Accept) -> None:
        async def twice(event: Event) -> None:
            await accept(event)
            await accept(event)

        await super().run(twice)


class NewKeyEachTime(TelegramAdapter):
    async def run(self, accept: Accept) -> None:
        offered: list[Event] = []

        async def renamed(event: Event) -> None:
            offered.append(event)
            await accept(replace(event, key=f"{event.key}:{len(offered)}"))

        await super().run(renamed)


class LeaksTheSdk(TelegramAdapter):
    async def run(self, accept: Accept) -> None:
        async def leaky(event: Event) -> None:
            await accept(replace(event, message_id=self._bot.bot))  # type: ignore[arg-type]  # what it is about

        await super().run(leaky)


class LosesLastPart(TelegramAdapter):
    def parts(self, message: Outgoing) -> int:
        return max(1, super().parts(message) - 1)


class LosesButtons(TelegramAdapter):
    async def send(self, message: Outgoing, part: int) -> str:
        return await super().send(replace(message, buttons=()), part)


class StartsOver(TelegramAdapter):
    async def send(self, message: Outgoing, part: int) -> str:
        return [await super(StartsOver, self).send(message, before) for before in range(part + 1)][-1]


class KeepsButtons(TelegramAdapter):
    async def edit(self, message: Outgoing, message_id: str) -> None:
        await super().edit(replace(message, buttons=contract.BUTTONS), message_id)


class RefusesEmpty(TelegramAdapter):
    def parts(self, message: Outgoing) -> int:
        return super().parts(message) if message.text.strip() else 0


class LeavesTraces(TelegramAdapter):
    async def progress(self, progress: Progress, message_id: str) -> str:
        return await self.send(Outgoing(progress.conversation, progress.text), 0) and ""


class FetchesAnything(TelegramAdapter):
    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        return await super().fetch(attachment, 1_000_000)


class GoesOn(TelegramAdapter):
    async def run(self, accept: Accept) -> None:
        try:
            await super().run(accept)
        finally:
            self.left = asyncio.create_task(asyncio.Event().wait())


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (ConfirmsFirst, contract.nothing_is_confirmed_before_it_is_taken),
        (ConfirmsFirst, contract.an_event_that_was_not_taken_comes_again),
        (OffersTwice, contract.a_message_becomes_one_event),
        (NewKeyEachTime, contract.an_event_that_was_not_taken_comes_again),
        (LeaksTheSdk, contract.only_values_of_the_domain_come),
        (LosesLastPart, contract.long_text_arrives_whole_and_in_order),
        (LosesButtons, contract.long_text_arrives_whole_and_in_order),
        (StartsOver, contract.sending_goes_on_at_any_part),
        (KeepsButtons, contract.an_edit_replaces_text_and_buttons),
        (RefusesEmpty, contract.any_text_can_be_sent),
        (LeavesTraces, contract.what_grows_becomes_the_answer),
        (FetchesAnything, contract.a_file_is_fetched_up_to_a_limit),
        (GoesOn, contract.cancellation_leaves_nothing_behind),
    ],
    ids=lambda value: value.__name__,
)
async def test_a_broken_adapter_fails(
    broken: type[TelegramAdapter], check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "PATIENCE", 1.0)
    async with telegram_harness(broken) as harness:
        with pytest.raises(AssertionError):
            await check(harness)
