"""What a turn may spend of the operator's budgets, and what it has spent."""

from collections.abc import Iterator, Sequence
from functools import partial

from bot.domain.chat import Conversation, Outgoing
from bot.domain.cost import Budgets, Used
from bot.errors import LimitReached, ModelUnavailable
from bot.ports import Clock, Embedder
from bot.store import spending
from bot.store.commits import Commit
from bot.store.deliveries import conclude, deliver, quoted
from bot.store.journal import Entry
from bot.store.store import Connection, Store
from bot.store.turns import Turn
from bot.words import Sentence, say

DAY = Sentence("My budget for today is used up. A new one begins at midnight ({zone}).")
PERSON = Sentence("Your budget for today is used up. A new one begins at midnight ({zone}).")
CONVERSATION = Sentence("The budget of this conversation is used up. A new one begins with /new.")


class BudgetEnded(LimitReached):
    """No further call of the model may be begun. `key` names the budget and the time or talk that it was for."""

    def __init__(self, told: Sentence, key: str, **values: object) -> None:
        super().__init__(told.template, **values)
        self.key = key


class Purse:
    """Stands for the budgets while turns run."""

    def __init__(self, clock: Clock, budgets: Budgets) -> None:
        self._clock = clock
        self._budgets = budgets
        self.limited = bool(budgets.day or budgets.person or budgets.conversation)
        """Whether any of these is."""

    def check(self, turn: Turn, connection: Connection) -> None:
        """Raises BudgetEnded when nothing is left for a turn."""
        for ended in self._ended(turn, connection) if self.limited else ():
            raise ended

    def pay(self, turn: Turn, entry: Entry, connection: Connection) -> None:
        """Count what a call of the model has used."""
        used = Used(entry.model, 1, entry.tokens - entry.tokens_out, entry.tokens_out)
        spending.add(connection, self._today(), turn.payload["person"]["id"], str(turn.conversation), used)

    def tell(
        self, turn: Turn, conversation: Conversation, ended: BudgetEnded, so_far: str, connection: Connection
    ) -> None:
        """Tell that a budget ended in the middle of a turn, behind what it has answered `so_far`."""
        language = conversation.language
        told = f"{ended.sentence.told(language)} {say(language, 'What was done until now stays done.')}"
        text = f"{so_far}\n\n{told}" if so_far else told
        message = Outgoing(conversation, text, (), quoted(turn.payload, conversation))
        conclude(connection, turn.id, message, f"reply:{turn.id}", self._clock.now().timestamp())

    def tell_once(self, turn: Turn, conversation: Conversation, ended: BudgetEnded, connection: Connection) -> None:
        """Tell that a turn was not begun: in a conversation once for each budget, whatever else is said there."""
        text = ended.sentence.told(conversation.language)
        message = Outgoing(conversation, text, (), quoted(turn.payload, conversation))
        deliver(connection, message, f"budget:{ended.key}:{conversation.key}", self._clock.now().timestamp())

    def _ended(self, turn: Turn, connection: Connection) -> Iterator[BudgetEnded]:
        budgets, prices, today = self._budgets, self._budgets.prices, self._today()
        person, conversation, zone = turn.payload["person"]["id"], str(turn.conversation), str(budgets.zone)
        if budgets.day and budgets.day.reached(spending.of_day(connection, today), prices):
            yield BudgetEnded(DAY, f"day:{today}", zone=zone)
        if budgets.person and budgets.person.reached(spending.of_person(connection, today, person), prices):
            yield BudgetEnded(PERSON, f"person:{person}:{today}", zone=zone)
        if budgets.conversation and budgets.conversation.reached(
            spending.of_conversation(connection, conversation), prices
        ):
            yield BudgetEnded(CONVERSATION, f"conversation:{spending.began(connection, conversation)}")

    def _today(self) -> str:
        return self._budgets.day_of(self._clock.now())


class CountedEmbedder:
    """Port Embedder through another one: its use is counted, and belongs to the day's budget alone."""

    def __init__(self, embedder: Embedder, store: Store, clock: Clock, budgets: Budgets) -> None:
        self.model = embedder.model
        self._embedder = embedder
        self._store = store
        self._clock = clock
        self._budgets = budgets

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector a text. Raises ModelError, also where nothing is left of the day's budget."""
        today, limit = self._budgets.day_of(self._clock.now()), self._budgets.day
        if limit and limit.reached(await self._store.read(partial(spending.of_day, day=today)), self._budgets.prices):
            raise ModelUnavailable(DAY.template, zone=str(self._budgets.zone))
        vectors = await self._embedder.embed(texts)
        # The port tells no tokens: four bytes are one, as the clients estimate.
        used = Used(self.model, 1, sum(len(text.encode("utf-8", "replace")) for text in texts) // 4, 0)
        more = partial(spending.add, day=today, person="", conversation=spending.EMBEDDINGS, used=used)
        await self._store.write(Commit.EMBEDDED, more)
        return vectors
