"""Names and words without a model: plain English from the tools, the fields and what most requests share."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.json import JSON
from bot.domain.skill import Example, Trigger
from bot.domain.text import FILE_MARK
from bot.learning.mining.building import parameter_values
from bot.learning.mining.constants import declared_at
from bot.learning.mining.evidence import words_of
from bot.learning.mining.examples import made_up
from bot.learning.mining.induce import Induced
from bot.learning.mining.naming import Names, meaning, plural, singular, subject
from bot.learning.mining.pattern import PatternStep, arguments_of, parameter_of

LONGEST_NAME = 58
LONGEST_DESCRIPTION = 200
"""Characters of a parameter's description that is taken over from a tool's schema."""
MOST_KEYWORDS = 8
SHARED = 0.5
"""Share of the supporting tasks in which a word was said that is to be a keyword."""
LEAST_SHARED = 3
"""And how many: two of three tasks may share a name."""
_SAID = re.compile(r"[^\W\d_]{3,}")
_ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*")
"""Addresses of mail and pages: what they are made of is no word that anybody said."""
_STOP_WORDS = """
able about after again all also and any are ask bye can check code could did does doing done find for from get
give going good got great had has have hello help here hey his how into its just know let like look make may
maybe more much name need now off okay one only others our out over please proceed really say see she should show some
sorry such sure tell than thank thanks that the their them then there they this those too use very want was way
well were what when where which who why will with would yes you your
"""
_MAKING = frozenset(["add", "book", "create", "insert", "make", "open", "post", "schedule", "send", "submit", "write"])
"""Verbs of which something new comes: `posts a message`, not `posts the message`."""
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Words:
    """All that is said about a procedure: its own name, and what each parameter means."""

    name: str
    description: str
    trigger: Trigger
    parameters: Mapping[str, JSON]
    example: Example


@dataclass(frozen=True, slots=True)
class _Topic:
    """What it is all about: `orders` of a `user`; or `cancel`, `order` for a `user`."""

    verb: str
    own: str
    about: str
    many: bool
    """Whether it is about each of the things and not about one."""

    def name(self) -> str:
        """In few words: `orders of a user`, `cancel order for a user`."""
        return self._told(self.own, self.about if self.many else f"{_article(self.about)} {self.about}")

    def unknown(self) -> str:
        """In a sentence on any of the kind: `orders of a user`, `cancel an order for a user`."""
        own = f"{_article(self.own)} {self.own}" if self.verb else self.own
        return self._told(own, self.about if self.many else f"{_article(self.about)} {self.about}")

    def known(self) -> str:
        """In a sentence on a certain one: `orders of the user`, `cancel the order for the user`."""
        own = f"{_article(self.own) if self.verb in _MAKING else 'the'} {self.own}" if self.verb else self.own
        return self._told(own, f"the {self.about}")

    def _told(self, own: str, about: str) -> str:
        head = f"{self.verb} {own}".strip()
        return f"{head} {'for' if self.verb else 'of'} {about}" if self.about else head


def words(induced: Induced, named: Names, schemas: Mapping[str, Mapping[str, JSON]], taken: Collection[str]) -> Words:
    """Say what a procedure does. `taken`: names that other skills have."""
    pattern = induced.pattern
    parameters = {name: _parameter(induced, number, name, schemas) for number, name in enumerate(named.parameters)}
    made = {name: schema["examples"][0] for name, schema in parameters.items()}
    topic, given = _topic(pattern), [" ".join(words_of(name)) for name in named.parameters]
    gives = f" and gives the {_and(given)}" if given else ""
    condition = f"The person asks {'to' if topic.verb else 'for the'} {topic.unknown()}{gives}."
    request = _request(topic, dict(zip(given, made.values(), strict=True)))
    return Words(
        name=_name(topic.name(), _telling(given, topic.name()), taken),
        description=_description(pattern),
        trigger=Trigger(_keywords(induced, topic.name()), condition, (request,)),
        parameters=parameters,
        example=Example(request, made),
    )


def _request(topic: _Topic, given: Mapping[str, JSON]) -> str:
    """What a person might say: `Show me the orders of the user with the email alex@example.com.`"""
    asks = f"{'Please' if topic.verb else 'Show me the'} {topic.known()}"
    if list(given) == [topic.about]:
        return f"{asks} {given[topic.about]}."
    values = _and([f"the {name} {value}" for name, value in given.items()])
    return f"{asks} with {values}." if values else f"{asks}."


def _description(pattern: Sequence[PatternStep]) -> str:
    done = list(dict.fromkeys(_done(pattern, step) for step in pattern))
    told = ", ".join(done[:-1]) + (", then " if len(done) > 1 else "") + done[-1]
    asks = "" if all(step.reads for step in pattern) else " Asks before it changes anything."
    return f"{told[:1].upper()}{told[1:]}.{asks}"


def _done(pattern: Sequence[PatternStep], step: PatternStep) -> str:
    """What a step does, in the third person: `gets the user`, `gets the order for each of the orders`."""
    said = meaning(step.tool)
    verb = _third(said.verb or said.subject[0])
    own = " ".join(subject(step))
    what = f" {_article(own) if said.verb in _MAKING else 'the'} {own}" if said.verb else ""
    rest = f" {said.rest[0]} {_and(said.rest[1:])}" if len(said.rest) > 1 else "".join(f" {word}" for word in said.rest)
    if step.loop is None:
        return f"{verb}{what}{rest}"
    fields = [part for part in step.loop.place if isinstance(part, str)]
    elements = " ".join(words_of(fields[-1]) if fields else plural(subject(pattern[step.loop.step])))
    if tuple(singular(elements.split())) == subject(step) and not rest:
        return f"{verb} each of the {elements}"
    return f"{verb}{what}{rest} for each of the {elements}"


def _topic(pattern: Sequence[PatternStep]) -> _Topic:
    last, verb = pattern[-1], meaning(pattern[-1].tool).verb
    own = subject(last)
    about = next(
        (subject(step) for step in pattern[-2::-1] if not set(singular(own)) & set(singular(subject(step)))), ()
    )
    one = singular(about) if about else ()
    many = last.loop is not None and bool(about) and one != about and subject(pattern[last.loop.step]) == about
    changes = verb if not last.reads else ""
    return _Topic(changes, " ".join(plural(own) if last.loop else own), " ".join(about if many else one), many)


def _telling(given: Sequence[str], topic: str) -> list[str]:
    """The parameters that say more than the topic does: `user id` says no more than `orders of a user`."""
    known = {*topic.split(), "id"}
    return [name for name in given if not known >= set(name.split())]


def _name(topic: str, given: Sequence[str], taken: Collection[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", topic).strip("-") or "procedure"
    longer = re.sub(r"[^a-z0-9]+", "-", f"{base} by {_and(given)}" if given else base).strip("-")
    name = longer if len(longer) <= LONGEST_NAME else base[: LONGEST_NAME - 4].strip("-")
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name[: LONGEST_NAME - 4].strip('-')}-{number}"
    return free


def _parameter(induced: Induced, number: int, name: str, schemas: Mapping[str, Mapping[str, JSON]]) -> dict[str, JSON]:
    """Its description and an example, from the tool's schema where that says something."""
    uses = ((s, a) for s, a in arguments_of(induced.pattern) if (p := parameter_of(a.origin)) and p.number == number)
    step, argument = next(uses)
    tool = induced.pattern[step].tool
    declared = declared_at(schemas.get(tool, {}), argument.slot)
    told = declared.get("description")
    if not isinstance(told, str) or not 0 < len(told) <= LONGEST_DESCRIPTION or not told.isprintable():
        told = _meaning(" ".join(words_of(name)), induced.pattern[step])
    choices = declared.get("enum")
    if isinstance(choices, list) and choices:
        return {"description": told, "enum": choices, "examples": choices[:1]}
    return {"description": told, "examples": [made_up(parameter_values(induced, number), number)]}


def _keywords(induced: Induced, topic: str) -> tuple[str, ...]:
    """Words of most supporting requests, the commonest first; what the tools are about where requests share none."""
    said: dict[str, set[str]] = {}
    for support in induced.supports:
        said.setdefault(support.run.task, set()).update(_words_said(support.said))
    counts = Counter(word for found in said.values() for word in found)
    stems = Counter(stem for found in said.values() for stem in {singular([word]) for word in found})
    values = {word for value in _given(induced) for word in _words_said([str(value)])}
    shared = {stem for stem in stems if stems[stem] >= max(LEAST_SHARED, SHARED * len(said))}
    said_most = {singular([word]): word for word in sorted(counts, key=lambda word: (counts[word], word))}
    ranked = sorted(shared, key=lambda stem: (-stems[stem], stem))
    telling = [said_most[stem] for stem in ranked if said_most[stem] not in values][:MOST_KEYWORDS]
    return tuple(telling or [word for word in topic.split() if len(word) > 2 and word not in _STOP])


def _words_said(texts: Sequence[str]) -> Iterator[str]:
    for text in texts:
        said = _ADDRESS.sub(" ", FILE_MARK.sub(" ", text.casefold()))
        yield from (word for word in _SAID.findall(said) if word not in _STOP)


def _given(induced: Induced) -> Iterator[JSON]:
    """What was given for the parameters: no word of it is a keyword."""
    parameters = {parameter_of(argument.origin) for _, argument in arguments_of(induced.pattern)}
    for parameter in filter(None, parameters):
        yield from parameter_values(induced, parameter.number)


def _meaning(name: str, step: PatternStep) -> str:
    """A parameter by what it is for: `The email to find the customer by.`"""
    own, said = " ".join(subject(step)), meaning(step.tool)
    if name == own:
        return f"Which {own} it is about."
    done = f"{said.verb} the {own}" if said.verb else f"call {own}"
    return f"The {name} to {done} {'by' if step.reads else 'with'}."


def _article(word: str) -> str:
    return "an" if word[:1] in "aeio" or (word[0] == "u" and word[1:2] not in ("s", "n", "r", "t")) else "a"


def _third(verb: str) -> str:
    if verb.endswith("y") and verb[-2:-1] not in ("a", "e", "i", "o", "u"):
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "x", "ch", "sh", "o")) else "s")


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""
