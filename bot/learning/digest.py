"""The week in a chat: what was learned, used and dropped, what that saved, what waits, and what learning cost."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import partial

from bot.domain.chat import Conversation, Outgoing
from bot.domain.cost import UNLIMITED, Budgets
from bot.ports import Clock
from bot.store import audit, chats, conversations, proposals, scopes, skills, spending, turns
from bot.store.audit import Event
from bot.store.deliveries import deliver
from bot.store.skills import Week
from bot.store.store import Connection, Effect
from bot.store.turns import NewTurn, Turn
from bot.words import Sentence, money, say

WEEK = timedelta(days=7)
LEARNED = ("approved", "restored", "rolled-back", "promoted")
DROPPED = ("suspended", "evicted")


@dataclass(frozen=True, slots=True)
class Weekly:
    """The chats that get a digest, and when: from that day (0 is Monday) and time of each week on."""

    scopes: tuple[str, ...] = ()
    day: int = 0
    at: time = time(9)
    zone: tzinfo = UTC

    def due(self, now: datetime) -> str:
        """The ISO week whose digest is due, such as `2026-W48`; "" before its hour has come."""
        here = now.astimezone(self.zone)
        week = here.isocalendar()
        reached = (here.weekday(), here.time()) >= (self.day, self.at)
        return f"{week.year}-W{week.week:02}" if reached else ""


class Digest:
    """Tells of a week."""

    def __init__(self, clock: Clock, weekly: Weekly, granted: Budgets = UNLIMITED) -> None:
        self._clock = clock
        self._weekly = weekly
        self._granted = granted

    def submit(self, connection: Connection) -> None:
        """Submit the digests that are due; the week in the key elects one, also after a stop."""
        now = self._clock.now()
        if week := self._weekly.due(now):
            for scope in self._weekly.scopes:
                new = NewTurn(f"digest:{scope}:{week}", "job:digest", "digest", {"scope": scope})
                turns.enqueue(connection, new, now.timestamp())

    async def tell(self, turn: Turn) -> Effect:
        """Tell a chat of its last seven days; a chat in which nobody ever spoke hears nothing."""
        return partial(self._tell, turn)

    def _tell(self, turn: Turn, connection: Connection) -> None:
        home = conversations.latest(connection, turn.payload["scope"])
        if home is None or chats.gone(connection, home):
            return
        now = self._clock.now()
        since = now - WEEK
        text = _text(connection, home, since.timestamp(), partial(self._money, connection, home.scope, since))
        deliver(connection, Outgoing(home, text), f"digest:{turn.id}", now.timestamp())

    def _money(self, connection: Connection, scope: str, since: datetime, used: Week) -> list[Sentence]:
        """What was spent, and what the calls would have cost that skills saved; nothing where a price is missing."""
        day, prices = self._granted.day_of(since), self._granted.prices
        worked, learned = spending.of_scope(connection, scope, day), spending.of_learning(connection, scope, day)
        spent, learning = prices.told([*worked, *learned]), prices.told(learned)
        if spent is None or learning is None:
            return []
        a_token = prices.cost(worked) / max(sum(each.tokens for each in worked), 1)
        saved = money(used.saved * used.tokens_a_call * a_token, prices.currency)
        told = {"spent": spent, "learning": learning, "saved": saved}
        return [Sentence("Money spent: {spent}, of it on learning {learning}; saved about: {saved}", **told)]


def _text(connection: Connection, home: Conversation, since: float, money_of: Callable[[Week], list[Sentence]]) -> str:
    language, scope = home.language, home.scope
    events = [event for event in audit.events(connection) if event.at >= since and event.scope == scope]
    used = skills.since(connection, scope, since)
    facts = [
        Sentence("Learned: {names}", names=_names(events, LEARNED)),
        Sentence("Dropped: {names}", names=_names(events, DROPPED)),
        *_used(used),
        Sentence("Waiting for a decision: {names}", names=_listed(proposals.pending(connection, scope))),
        Sentence("Tokens that learning cost: {tokens}", tokens=scopes.cost(connection, scope, since)),
        *money_of(used),
    ]
    head = say(language, "**Seven days here**")
    return "\n".join([head, "", *(f"- {fact.told(language)}" for fact in facts)])


def _used(used: Week) -> list[Sentence]:
    if used.uses == 0:
        return [Sentence("No skill was used")]
    return [
        Sentence("Uses of skills: {uses}; well {good}, badly {bad}", uses=used.uses, good=used.good, bad=used.bad),
        Sentence(
            "Saved about: calls of the model {calls}, tokens {tokens}, minutes of waiting {minutes}",
            calls=used.saved,
            tokens=round(used.saved * used.tokens_a_call),
            minutes=round(used.saved * used.seconds_a_call / 60),
        ),
    ]


def _names(events: Iterable[Event], actions: tuple[str, ...]) -> str | Sentence:
    return _listed(dict.fromkeys(event.ref.name for event in events if event.action in actions))


def _listed(names: Iterable[str]) -> str | Sentence:
    return ", ".join(names) or Sentence("nothing")
