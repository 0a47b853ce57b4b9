"""Made-up skills of many trades, and what people say when they want one: the same words in another sentence, or others.

A skill is an action on a thing of one kind: `cancel-overdue-invoices`. Its text holds the first word of three entries
below, two of them as keywords, and mentions a thing of another kind. The other words of an entry, separated by bars,
mean the same.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from bot.domain.skill import Procedure, Skill, Step, Trigger

ACTIONS = """
cancel|call off|scrap
export|dump|download
compare|contrast|set against each other
archive|put away|store away
renew|extend|prolong
approve|sign off|greenlight
assign|hand over|allocate
count|tally|number of
translate|put into English|interpret
print|put on paper|make a hard copy of
forward|pass on|relay
merge|combine|unify
schedule|plan in|find a slot for
verify|double-check|validate
restore|bring back|recover
summarise|sum up|give me the gist of
publish|put online|go public with
repair|fix|mend
return|send back|give back
rename|relabel|call differently
"""
THINGS = """
invoice|bill|statement of charges
order|purchase|buy
parcel|package|shipment
refund|reimbursement|money back
contract|agreement|deal
customer|client|patron
supplier|vendor|provider
payslip|salary statement|wage sheet
shift|duty|working hours
vacation|holiday|days off
applicant|candidate|job seeker
incident|outage|breakdown
server|host|machine
backup|safety copy|snapshot
branch|fork|line of development
release|build|rollout
ticket|issue|support case
password|passphrase|login secret
licence|permit|entitlement
laptop|notebook|portable computer
flight|plane trip|air travel
hotel|accommodation|place to stay
visa|entry paper|travel document
meeting|appointment|get-together
agenda|list of topics|programme
newsletter|mailing|bulletin
campaign|promotion|advertising drive
survey|questionnaire|poll
complaint|grievance|objection
warranty|guarantee|cover
patient|sick person|case in treatment
prescription|medication slip|drug sheet
lesson|class|teaching hour
exam|test paper|assessment
pupil|student|learner
tenant|renter|lodger
lease|rental|letting
boiler|heater|furnace
meter|gauge|counter reading
truck|lorry|van
driver|chauffeur|person at the wheel
pallet|skid|load carrier
recipe|cooking instructions|dish
menu|bill of fare|meal card
allergen|intolerance|food risk
donation|gift|contribution
volunteer|honorary helper|supporter
manuscript|draft text|typescript
photo|picture|image
podcast|audio show|episode
sensor|probe|detector
alarm|alert|warning
patch|hotfix|security update
domain|web address|site name
certificate|proof|attestation
budget|spending frame|funds
forecast|outlook|projection
loan|credit|borrowed money
claim|damage report|insurance case
vehicle|car|automobile
"""
KINDS = """
overdue|late|past the deadline
duplicate|double|occurring twice
unpaid|outstanding|still owed
urgent|pressing|critical
foreign|from abroad|international
weekly|every seven days|once per week
unused|idle|nobody needs
largest|biggest|top
damaged|broken|faulty
expired|run out|no longer valid
missing|lost|absent
confidential|secret|private
digital|electronic|virtual
temporary|interim|short-lived
historical|old|from the past
shared|common|joint
external|outside|third-party
seasonal|summer and winter|time-of-year
rejected|turned down|declined
incomplete|unfinished|half-done
"""
OPENINGS = ("Hey, could you", "Please", "I need you to", "Can somebody", "It would be good to", "Next, for today:")
ENDINGS = ("for me?", "when you have a minute.", "before noon, thanks!", "and say how it went.", "- Berlin waits.")
Kind = Literal["same words", "one replaced", "two replaced"]
KEYWORDS = 2
"""Of the three words, those that most requests shared."""
FAMILY = 4
"""Skills that share action and thing, at least: they differ in the kind of thing alone."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Three entries of the tables: what a skill does, to what, of which kind."""

    action: tuple[str, ...]
    thing: tuple[str, ...]
    kind: tuple[str, ...]

    @property
    def name(self) -> str:
        """The skill's."""
        return f"{self.action[0]}-{self.kind[0]}-{self.thing[0]}s"


def _entries(table: str) -> list[tuple[str, ...]]:
    return [tuple(line.split("|")) for line in table.strip().splitlines()]


def meant(count: int) -> list[Meant]:
    """So many different meanings, the same ones each time, in families of near-duplicates."""
    chance = random.Random(7)
    pairs = [(action, thing) for thing in _entries(THINGS) for action in _entries(ACTIONS)]
    chance.shuffle(pairs)
    kinds = _entries(KINDS)
    size = max(FAMILY, -(-count // len(pairs)))
    families = (chance.sample(kinds, size) for _ in pairs)
    made = [Meant(*pair, kind) for pair, family in zip(pairs, families, strict=True) for kind in family]
    return made[:count]


def skill(meant: Meant, scope: str | None) -> Skill:
    """A skill as the miner and a model would word it."""
    action, thing, kind = meant.action[0], meant.thing[0], meant.kind[0]
    chance = random.Random(meant.name)
    beside = chance.choice(_entries(THINGS))[0], chance.choice(_entries(KINDS))[0]
    return Skill(
        meant.name,
        f"Looks up the {kind} {thing}s of a person and {action}s them. Leaves {beside[1]} {beside[0]}s alone.",
        Procedure(
            (Step("found", "find_things", {"text": "${parameters.person}"}),),
            {"person": {"type": "string", "description": "Whose they are"}},
            ("person",),
            Trigger(
                tuple(chance.sample((action, thing, kind), KEYWORDS)),
                f"The person asks to {action} {kind} {thing}s.",
                (f"Please {action} the {kind} {thing}s of Kim Example.",),
            ),
        ),
        scope,
    )


def said(meant: Meant, number: int) -> Iterator[tuple[Kind, str]]:
    """A request in each kind of words; `number` varies how."""
    chance = random.Random(number)
    parts = [meant.action, meant.kind, meant.thing]
    for replaced, kind in enumerate(get_args(Kind)):
        others = set(chance.sample(range(3), replaced))
        action, of_kind, thing = (
            chance.choice(part[1:]) if place in others else part[0] for place, part in enumerate(parts)
        )
        who = chance.choice(("Ana Smith", "order 4711's owner", "the team in Rome", "M. Dupont"))
        told = chance.choice((f"{action} every {thing} that is {of_kind}", f"{action} the {of_kind} {thing}"))
        yield kind, f"{chance.choice(OPENINGS)} {told} of {who} {chance.choice(ENDINGS)}"
