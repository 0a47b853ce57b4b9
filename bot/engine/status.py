"""`/status`: what goes on in a chat, what waits for people, what may be done without asking, what was used."""

from bot.domain.chat import Conversation
from bot.domain.cost import Prices
from bot.engine import standing
from bot.store import confirmations, evidence, proposals, scopes, spending, tasks, turns
from bot.store.store import Connection
from bot.words import Sentence, say

SOURCES = {
    "verifier": Sentence("verifier"),
    "feedback": Sentence("feedback"),
    "behaviour": Sentence("behaviour"),
    "judge": Sentence("judge"),
}
"""Who tells of outcomes."""


def told(connection: Connection, here: Conversation, prices: Prices) -> str:
    """A line for each."""
    scope, language = here.scope, here.language
    busy = turns.busy(connection, here.lane)
    waiting = [*proposals.pending(connection, scope), *confirmations.names_waiting(connection, scope)]
    closed = tasks.unmined(connection).get(scope, 0)
    learning = Sentence("on") if scopes.learns(connection, scope) else Sentence("off")
    work = Sentence("{count} under way or waiting", count=busy) if busy else Sentence("none")
    return "\n".join(
        [
            say(language, "- Work here: {work}", work=work),
            say(
                language,
                "- Learning: {learning}; finished since I last looked: {count}",
                learning=learning,
                count=closed,
            ),
            _outcomes(connection, scope, language),
            say(language, "- Waiting for a decision: {names}", names=", ".join(waiting) or Sentence("nothing")),
            standing.line(connection, here),
            _used(connection, here, prices),
        ]
    )


def _outcomes(connection: Connection, scope: str, language: str) -> str:
    """Of how many finished pieces of work it is known whether they went well, and who told."""
    decided = evidence.decided(connection, scope)
    told = [f"{SOURCES[source].told(language)} {count}" for source, count in sorted(decided.items(), key=str) if source]
    total = sum(decided.values())
    line = say(language, "- Outcomes known: {known} of {total}", known=total - decided.get(None, 0), total=total)
    return f"{line} ({', '.join(told)})" if told else line


def _used(connection: Connection, here: Conversation, prices: Prices) -> str:
    used = spending.of_conversation(connection, here.key)
    tokens, money = sum(each.tokens for each in used), prices.told(used)
    if used and money:
        return say(here.language, "- Used in this conversation: {tokens} tokens, {money}", tokens=tokens, money=money)
    return say(here.language, "- Used in this conversation: {tokens} tokens", tokens=tokens)
