"""The story: people in several chats who want what passes every crash point.

They never learn that the bot died: each says what there is to say and waits for what must come.
"""

import asyncio
import re
from collections.abc import Callable

from adapters.telegram.text import split
from bot.engine.door import ASKED
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_state import Chat
from tests.scenarios.crash.talk import FOREVER, LONG, SECONDS, SLOWLY, WATCHED, WRITTEN, Model, Talk

IN_THE_GROUP = ("milk", "eggs")
BY_THE_SKILL = "bread"
MEANWHILE = "flour"
FORGOTTEN = "saffron"


class Story:
    """Everybody. `newest_code` gives the pairing code that the operator read last."""

    def __init__(self, telegram: TelegramEmulator, model: Model, newest_code: Callable[[], str]) -> None:
        self._telegram = telegram
        self._model = model
        self._newest_code = newest_code
        self.known = [
            telegram.person(name) for name in ("Ada", "Abe", "Ben", "Cleo", "Stan", "Uma", "Moe", "Ida", "Zoe")
        ]
        self._nora = telegram.person("Nora")
        self.talks: list[Talk] = []

    async def tell(self) -> None:
        """Everybody at once, until everybody has heard what there is to hear."""
        parts = (
            self._in_a_group,
            self._long,
            self._forbidden,
            self._stopped,
            self._by_a_skill,
            self._more_meanwhile,
            self._watched,
            self._forgotten,
            self._at_the_door,
        )
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part())

    async def _in_a_group(self) -> None:
        """Two people talk at once: each gets an answer of their own, in order."""
        people = self.known[:2]
        talk = self._talk(self._telegram.group("Kitchen", *people))
        asked = [talk.say(person, f"note {word}") for person, word in zip(people, IN_THE_GROUP, strict=True)]
        for word, message in zip(IN_THE_GROUP, asked, strict=True):
            await talk.hear(noted(word), message)

    async def _long(self) -> None:
        """A reply of several messages."""
        ben = self.known[2]
        talk = self._talk(ben.direct)
        talk.say(ben, "long")
        for part in split(LONG):
            await talk.hear(re.escape(part.text))

    async def _forbidden(self) -> None:
        """The model's server refuses the key: the turn is dead, and the person reads why."""
        cleo = self.known[3]
        talk = self._talk(cleo.direct)
        talk.say(cleo, "forbidden")
        await talk.hear(".*: set OPENAI_API_KEY.")

    async def _stopped(self) -> None:
        """Work that would never end is stopped."""
        stan = self.known[4]
        talk = self._talk(stan.direct)
        talk.say(stan, FOREVER)
        await self._model.thinking.wait()
        talk.say(stan, "/stop")
        await talk.hear("Stopped.*")

    async def _by_a_skill(self) -> None:
        """A skill asks before it writes; the answer is a click, the question is edited to say so."""
        uma = self.known[5]
        talk = self._talk(uma.direct)
        talk.say(uma, f"keep {BY_THE_SKILL}")
        question = await talk.hear("The skill keep-note (is about to|asked before) chang.*")
        click = uma.press("Run once", question)
        await self._telegram.wait_for(lambda: click.answered, SECONDS)
        await talk.hear(noted(BY_THE_SKILL) + r"(\n\nkeep-note stopped half-way, so I did the rest step by step\.)?")
        await self._telegram.wait_for(lambda: not question.buttons, SECONDS)

    async def _more_meanwhile(self) -> None:
        """What is said while the bot works is part of the same answer."""
        moe = self.known[6]
        talk = self._talk(moe.direct)
        talk.say(moe, SLOWLY)
        await self._model.thinking_a_little.wait()
        talk.say(moe, f"note {MEANWHILE}")
        await self._telegram.wait_for(lambda: not self._telegram.updates.pending, SECONDS)
        self._model.to_go_on.set()
        await talk.hear(rf"I have thought\.\n\n{noted(MEANWHILE)}")

    async def _watched(self) -> None:
        """What takes longer is shown while it grows; the answer takes the place of that."""
        ida = self.known[7]
        talk = self._talk(self._telegram.group("Porch", ida))
        await talk.hear(re.escape(WRITTEN), talk.say(ida, WATCHED))

    async def _forgotten(self) -> None:
        """A conversation is deleted, and its card says so in the end."""
        zoe = self.known[8]
        talk = self._talk(zoe.direct)
        talk.say(zoe, f"note {FORGOTTEN}")
        await talk.hear(noted(FORGOTTEN))
        talk.say(zoe, "/forget")
        card = await talk.hear("(Shall I delete|Zoe:) this conversation.*")
        click = zoe.press("Delete", card)
        await self._telegram.wait_for(lambda: click.answered and not card.buttons, SECONDS)

    async def _at_the_door(self) -> None:
        """The operator leaves somebody new outside, who pairs; where a crash made a code worthless, with the next."""
        talk, ada = self._talk(self._nora.direct), self.known[0]
        await talk.hear(re.escape(ASKED), talk.say(self._nora, "hello"))
        card = await self._talk(ada.direct).hear("Nora .*(Let them in\\?|stays out\\.)")
        click = ada.press("No", card)
        await self._telegram.wait_for(lambda: click.answered and not card.buttons, SECONDS)
        while True:
            tried = talk.say(self._nora, f"/start {self._newest_code()}")
            answer = await talk.hear("(You are in|That code is wrong).*", tried)
            if answer.text.startswith("You are in"):
                return

    def _talk(self, chat: Chat) -> Talk:
        self.talks.append(Talk(self._telegram, chat))
        return self.talks[-1]


def noted(word: str) -> str:
    """What the model says of a call; a call that a crash cut off may have written or not."""
    return f"(Noted|Unknown): {word}"
