"""A learning cycle and a person's decision on what it proposes, in a real database and real folders."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.domain.chat import ButtonClicked, Conversation, Person
from bot.domain.cost import UNLIMITED, Budgets, Limit, Prices, Used
from bot.domain.privacy import Privacy
from bot.domain.trace import Outcome, Trace
from bot.learning.backfill import take
from bot.learning.cycle import Cycle, Terms
from bot.learning.mining import Report, Taken, mine
from bot.learning.quiet import NEVER, Quiet
from bot.learning.review import Review
from bot.learning.workbench import Read
from bot.ports import ModelClient, ModelReply, ModelRequest
from bot.skills import folder
from bot.skills.library import Library
from bot.skills.reviewers import Reviewers
from bot.store import buttons, chats, proposals, scopes, spending, tables, tasks, turns
from bot.store.buttons import Meaning
from bot.store.commits import Commit
from bot.store.store import Store
from bot.store.turns import NewTurn
from bot.tools.files import FileTools
from tests.engine.made import ANA, BOB, GROUP, ROOM, HandClock, KeptChat
from tests.learning.lived import Made, claim, deliveries, finished, worked
from tests.learning.prompting.office import OFFICE, Model
from tests.learning.workplaces import shop, traces_of

CUSTOMERS = {
    "ana-silva": ["1011", "1012"],
    "ben-okoro": ["1021"],
    "chen-wei": ["1031", "1032", "1033"],
    "dana-levi": ["1041"],
}
WORDS = {
    "name": "customer-orders",
    "description": "Looks up every order of one customer.",
    "condition": "The person asks about the orders of one customer.",
    "keywords": ["orders", "customer"],
}


class Loop:
    """A cycle and its review, with a chat of Ana's and a group."""

    def __init__(self, store: Store, path: Path, *answers: str, budget: int = 0) -> None:
        self.store = store
        self.root = path / "skills"
        self.root.mkdir()
        self.answers = list(answers)
        self.asked: list[ModelRequest] = []
        self.clock = HandClock()
        self.library = Library(self.root, store, self.clock)
        self.tools = [FileTools(path)]
        self.model: ModelClient = self
        self.spend(budget)
        reviewers = Reviewers({"telegram": KeptChat(admins=(BOB.id,))}, ())
        self.review = Review(store, self.clock, self.library, reviewers, self.tools)
        self.seen: list[Trace] = []
        self.count = 0

    def spend(self, tokens: int, granted: Budgets = UNLIMITED, quiet: Quiet = NEVER) -> None:
        """Cycles from now on may spend so many tokens, and what else is granted; they keep to `quiet` hours."""
        terms = Terms(tokens, own=("my-own-secret",), granted=granted, quiet=quiet)
        self.cycle = Cycle(self.store, self.clock, self.library, self.model, self._mine, self.tools, terms)

    async def complete(self, request: ModelRequest) -> ModelReply:
        if (
            request.schema and "verdict" in request.schema["properties"]
        ):  # the judge's question: what it does is told in its own tests
            return ModelReply('{"verdict": "unknown", "reason": "Nothing shows it."}', (), 0, 0, False, 1, "small")
        self.asked.append(request)
        return ModelReply(self.answers.pop(0), (), 500, 100, False, 1, "small")

    async def _mine(self, scope: str, marks: Mapping[str, str], read: Read, taken: Taken) -> Report:
        self.seen = list(await read(list(marks)))
        return mine(self.seen, min_tasks=3, taken=taken)

    async def live(self, conversation: Conversation = ROOM, person: Person = ANA, place: str = "customers") -> None:
        """The same work for four customers, each a task of its own, in a chat that knows the bot."""
        await self.store.write(Commit.FINISH, lambda c: scopes.tell(c, conversation.scope, 1.0))
        for customer, orders in CUSTOMERS.items():
            self.count += 1
            calls = [Made("read_file", json.dumps({"path": f"{place}/{customer}.json"}), {"orders": orders})]
            calls += [
                Made("read_file", json.dumps({"path": f"orders/{order}.json"}), {"id": order, "status": f"s{order}"})
                for order in orders
            ]
            text = f"Which orders of {customer} are open?"
            task = await worked(self.store, self.count, text, *calls, conversation=conversation, person=person)
            await self.store.write(Commit.FINISH, lambda c, task=task: tasks.close(c, task, Outcome(), 1.0))

    async def learn(self, scope: str = "telegram:7", **payload: Any) -> None:
        self.count += 1
        new = NewTurn(f"mine:{self.count}", "job:mine", "mine", {"scope": scope, **payload})
        await self.store.write(Commit.INTAKE, lambda connection: turns.enqueue(connection, new, 1.0))
        turn = await claim(self.store, "job:mine")
        await finished(self.store, turn, await self.cycle(turn))

    async def press(self, button: str, person: Person = ANA, conversation: Conversation = ROOM) -> str:
        """Press a button by its id; what the person is told. A publication that follows is made."""
        self.count += 1
        meaning = await self.store.read(lambda connection: buttons.meaning(connection, button))
        assert isinstance(meaning, Meaning)
        click = ButtonClicked(f"click:{self.count}", conversation, person, button, "m1", "t", self.clock.now())
        decide = self.review.explain if meaning.kind == "why" else self.review.decide
        words, effect = await decide(click, meaning)
        await self.store.write(Commit.FINISH, effect)
        return words

    async def publish(self, name: str) -> None:
        turn = await claim(self.store, f"skill:{name}")
        await finished(self.store, turn, await self.review.publish(turn))


@pytest.fixture
def loop(store: Store, tmp_path: Path) -> Loop:
    return Loop(store, tmp_path)


async def test_repeated_work_is_proposed_once_in_the_chat_that_taught_it(loop: Loop) -> None:
    await loop.live()
    await loop.learn()
    [(card, _)] = await deliveries(loop.store)
    assert card.conversation == ROOM
    assert [button.label for row in card.buttons for button in row] == ["Approve", "Reject", "Edit", "Details"]
    assert len(card.text.splitlines()) <= 10
    assert "Seen in 4 tasks, 0 confirmed" in card.text
    assert "Only reads" in card.text
    assert "silva" not in card.text
    await loop.live()
    await loop.learn(asked_in=ROOM.key)
    [(answer, _)] = await deliveries(loop.store)
    assert answer.text.startswith("I looked at 8 finished pieces of work. Nothing to propose:")
    report = await loop.store.read(lambda connection: scopes.last_report(connection, "telegram:7"))
    assert report["proposed"] == []
    assert report["refused"]


@pytest.mark.parametrize(
    ("place", "what"), [("Ana/customers", "a person's name"), ("my-own-secret/customers", "a secret (of the bot)")]
)
async def test_what_holds_a_name_of_the_chat_or_a_secret_of_the_bot_is_refused(
    loop: Loop, place: str, what: str
) -> None:
    await loop.live(place=place)
    await loop.learn()
    assert await deliveries(loop.store) == []
    report = await loop.store.read(lambda connection: scopes.last_report(connection, "telegram:7"))
    assert report["refused"][0]["reasons"] == [f"it would hold {what}"]


async def test_what_was_imported_is_learned_from_beside_the_chats_own_work(loop: Loop) -> None:
    shops = [replace(trace, scope=ROOM.scope) for trace in traces_of(shop, Random(1), 6)]
    await take(loop.store, shops, Privacy(), 1.0)
    await loop.live()
    await loop.learn()
    [(digest, _)] = await deliveries(loop.store)
    assert digest.text.startswith("**I found 2 pieces of work that repeat. Shall I learn them?**")
    seen = []
    for (button,) in digest.buttons:
        assert await loop.press(button.id) == "The card stands below."
        [(card, _)] = await deliveries(loop.store)
        assert [choice.label for choice in card.buttons[0]] == ["Approve", "Reject", "Edit", "Details"]
        seen.append("Seen in 6 tasks" in card.text)
    assert sorted(seen) == [False, True]
    assert {trace.id for trace in loop.seen} >= {"task-1", "import:shop-0"}


async def test_scopes_are_mined_apart(loop: Loop) -> None:
    await loop.live(ROOM)
    await loop.live(GROUP, BOB)
    await loop.learn("telegram:-100")
    assert {trace.scope for trace in loop.seen} == {"telegram:-100"}
    assert await deliveries(loop.store, ROOM) == []
    assert len(await deliveries(loop.store, GROUP)) == 1


async def test_a_chat_that_opted_out_and_a_private_task_are_not_mined(loop: Loop) -> None:
    await loop.live()
    await loop.store.write(Commit.FINISH, lambda connection: tasks.keep_private(connection, "task-1"))
    await loop.learn()
    assert "task-1" not in [trace.id for trace in loop.seen]
    loop.seen = []
    await loop.store.write(Commit.FINISH, lambda connection: scopes.set_learning(connection, "telegram:7", False))
    await loop.learn()
    assert loop.seen == []


async def test_a_chat_that_the_bot_is_not_in_is_not_mined(loop: Loop) -> None:
    await loop.live()
    await loop.store.write(Commit.STOP, lambda connection: chats.leave(connection, ROOM, 1.0))
    await loop.learn()
    assert await loop.store.read(lambda connection: scopes.last_report(connection, "telegram:7")) is None
    await loop.store.write(Commit.FINISH, lambda connection: chats.come_back(connection, ROOM, 1.0))
    await loop.learn()
    assert len(await deliveries(loop.store)) == 1


async def test_the_bytes_that_were_shown_go_live(loop: Loop) -> None:
    await loop.live()
    await loop.learn()
    [(card, _)] = await deliveries(loop.store)
    approve, reject, _, details = card.buttons[0]
    assert await loop.press(details.id) == "The details stand below."
    [(shown, _)] = await deliveries(loop.store)
    assert await loop.library.shelf("telegram:7") == []
    assert await loop.press(approve.id) == "Approved."
    assert await loop.library.shelf("telegram:7") == []
    [(redrawn, replaces)] = await deliveries(loop.store)
    assert (redrawn.buttons, replaces) == ((), "m1")
    assert "Approved by Ana" in redrawn.text
    [name] = await loop.store.read(lambda connection: sorted(proposals.names(connection)))
    await loop.publish(name)
    [live] = await loop.library.live("telegram:7")
    assert folder.digest(folder.read(loop.root / name)) == live.digest
    assert (loop.root / name / "procedure.yaml").read_text() in shown.text
    assert await loop.library.live("telegram:-100") == []
    assert "Approved by Ana" in await loop.press(reject.id)
    assert [entry.state for entry in await loop.library.shelf(None)] == ["live"]


async def test_who_may_not_decide_changes_nothing(loop: Loop) -> None:
    await loop.live(GROUP, ANA)
    await loop.learn("telegram:-100")
    [(card, _)] = await deliveries(loop.store, GROUP)
    approve = card.buttons[0][0].id
    assert "Only a reviewer" in await loop.press(approve, ANA, GROUP)
    assert "Only a reviewer" in await loop.press(approve, BOB, ROOM)
    assert await deliveries(loop.store, GROUP) == []
    assert await loop.press(approve, BOB, GROUP) == "Approved."


async def test_a_rejected_structure_does_not_come_again(loop: Loop) -> None:
    await loop.live()
    await loop.learn()
    [(card, _)] = await deliveries(loop.store)
    assert await loop.press(card.buttons[0][1].id) == "Rejected. Why?"
    [(redrawn, _)] = await deliveries(loop.store)
    assert "Rejected by Ana" in redrawn.text
    await loop.live()
    await loop.learn()
    assert await deliveries(loop.store) == []
    assert list(loop.root.iterdir()) == []


async def test_a_folder_that_somebody_made_is_not_overwritten(loop: Loop) -> None:
    from bot.errors import Refused

    await loop.live()
    await loop.learn()
    [(card, _)] = await deliveries(loop.store)
    await loop.press(card.buttons[0][0].id)
    [name] = await loop.store.read(lambda connection: sorted(proposals.names(connection)))
    (loop.root / name).mkdir()
    (loop.root / name / "SKILL.md").write_text("mine")
    with pytest.raises(Refused, match="stands in the skills already"):
        await loop.publish(name)
    assert (loop.root / name / "SKILL.md").read_text() == "mine"


def _words(parameter: str, **changed: Any) -> str:
    return json.dumps({**WORDS, "parameters": [{"name": parameter, "description": "The customer's name"}], **changed})


async def _parameter(loop: Loop) -> str:
    """The name of the one parameter that the miner gives."""
    await loop.live()
    await loop.learn()
    [proposal] = await loop.store.read(lambda connection: list(connection.execute(proposals.proposals.select())))
    await loop.store.write(Commit.FINISH, lambda connection: connection.execute(proposals.proposals.delete()))
    await deliveries(loop.store)
    skill = next(text for path, text in proposal.files.items() if path == "procedure.yaml")
    return str(skill.split("parameters:\n  ")[1].split(":")[0])


async def test_the_model_gives_the_words_within_the_budget(store: Store, tmp_path: Path) -> None:
    loop = Loop(store, tmp_path)
    parameter = await _parameter(loop)
    loop.spend(20_000)
    loop.answers = [_words(parameter)]
    await loop.learn()
    [(card, _)] = await deliveries(store)
    assert "customer-orders" in card.text
    assert WORDS["description"] in card.text
    report = await store.read(lambda connection: scopes.last_report(connection, "telegram:7"))
    assert report["drafts"] == [{"name": "customer-orders", "tokens": 600, "by_model": True}]
    sent = json.dumps([message for request in loop.asked for message in request.messages])
    assert not [customer for customer in CUSTOMERS if customer in sent]


@pytest.mark.parametrize(("asked", "cards"), [({"asked_in": ROOM.key}, 1), ({}, 0)])
async def test_in_quiet_hours_only_who_asks_gets_a_card(
    store: Store, tmp_path: Path, asked: dict[str, str], cards: int
) -> None:
    loop = Loop(store, tmp_path)
    now = loop.clock.now()
    loop.spend(0, quiet=Quiet((now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time()))
    await loop.live()
    await loop.learn(**asked)
    assert len(await deliveries(store)) == cards


async def test_who_asked_hears_that_the_budget_was_used_up(store: Store, tmp_path: Path) -> None:
    loop = Loop(store, tmp_path)
    await loop.live()
    await loop.learn()
    await deliveries(store)
    loop.spend(20_000, Budgets(cycle=Limit(tokens=0)))
    await loop.learn(asked_in=ROOM.key)
    [(answer, _)] = await deliveries(store)
    assert answer.text.endswith(" My budget is used up, so I did it without the model.")


async def test_what_a_cycle_used_counts_to_the_day(store: Store, tmp_path: Path) -> None:
    loop = Loop(store, tmp_path)
    parameter = await _parameter(loop)
    loop.spend(20_000)
    loop.answers = [_words(parameter)]
    await loop.learn()
    lines = await store.read(lambda connection: spending.lines(connection, "conversation"))
    assert lines == [spending.Line("learning:telegram:7", [Used("small", 5, 500, 100)])]


@pytest.mark.parametrize(
    ("granted", "asked"),
    [
        (Budgets(day=Limit(tokens=100)), 0),
        (Budgets(cycle=Limit(tokens=100)), 0),
        (Budgets(day=Limit(money=0.01), prices=Prices("EUR", {"small": (1.0, 1.0)})), 0),
        (Budgets(cycle=Limit(money=0.000_6), prices=Prices("EUR", {"small": (1.0, 1.0)})), 1),
        (Budgets(cycle=Limit(money=0.002), prices=Prices("EUR", {"small": (1.0, 1.0)})), 2),
    ],
)
async def test_a_budget_that_is_used_up_leaves_learning_without_the_model(
    store: Store, tmp_path: Path, granted: Budgets, asked: int
) -> None:
    loop = Loop(store, tmp_path)
    await _parameter(loop)
    earlier = Used("small", 1, 10_000, 0)
    await store.write(Commit.FINISH, lambda c: spending.add(c, "2026-11-22", "telegram:7", "telegram:7", earlier))
    loop.asked.clear()
    loop.spend(20_000, granted)
    loop.answers = ["{}", "{}", "{}"]
    await loop.learn()
    assert len(loop.asked) == asked


@pytest.mark.parametrize(
    "bad",
    [
        "no JSON",
        json.dumps(WORDS),
        "FOREIGN",
        "NAME",
    ],
)
async def test_words_that_do_not_fit_are_asked_for_once_more(store: Store, tmp_path: Path, bad: str) -> None:
    loop = Loop(store, tmp_path)
    parameter = await _parameter(loop)
    loop.spend(20_000)
    wrong = {
        "FOREIGN": _words(parameter, description="Looks up the orders of ana-99 for you."),
        "NAME": _words(parameter, name="../up"),
    }.get(bad, bad)
    loop.answers = [wrong, _words(parameter)]
    await loop.learn()
    assert len(loop.asked) == 2
    [(card, _)] = await deliveries(store)
    assert "customer-orders" in card.text


async def test_without_fitting_words_or_budget_the_miners_own_stand(store: Store, tmp_path: Path) -> None:
    loop = Loop(store, tmp_path)
    await _parameter(loop)
    loop.spend(20_000)
    loop.answers = ["no", "no"]
    await loop.learn()
    [(card, _)] = await deliveries(store)
    assert "customer-orders" not in card.text or WORDS["description"] not in card.text
    await store.write(Commit.FINISH, lambda connection: connection.execute(proposals.proposals.delete()))
    loop.asked = []
    loop.spend(100)
    await loop.learn()
    assert loop.asked == []
    assert len(await deliveries(store)) == 1


async def test_work_without_tools_that_lost_its_comparisons_is_not_tried_again(store: Store, tmp_path: Path) -> None:
    loop = Loop(store, tmp_path, budget=20_000)
    for number in range(1, 7):
        said = Made("", "", {"text": "A long answer.", "calls": []}, place="model:0")
        task = await worked(store, number, f"Sum up the meeting {number}", said)
        outcome = Outcome("success", "feedback")
        await store.write(Commit.FINISH, lambda c, task=task, outcome=outcome: tasks.close(c, task, outcome, 1.0))
    loop.count = 10
    written = {
        **WORDS,
        "condition": "The person asks for a meeting in few words.",
        "keywords": ["meeting"],
        "instructions": "Be short, and be kind.",
        "example": "Sum up the meeting of the gardeners.",
    }
    even = json.dumps({"better": "same", "reason": "Both are fine."})
    loop.answers = [json.dumps(written), *("Short.", even) * 3]
    await loop.learn()
    report = await store.read(lambda connection: scopes.last_report(connection, "telegram:7"))
    [refused] = report["refused"]
    assert refused["reasons"] == [
        "Tasks without tools, asked with 'meeting', asked with 'sum': "
        "its answers were preferred in 0 of 3 blind comparisons only"
    ]
    assert len(loop.asked) == 7
    await loop.learn(asked_in=ROOM.key)
    assert len(loop.asked) == 7
    again = await store.read(lambda connection: scopes.last_report(connection, "telegram:7"))
    assert again["tried"] == report["tried"] != {}
    assert "not enough new tasks" in again["refused"][0]["reasons"][0]


async def test_imported_work_without_tools_is_learned_from_too(store: Store, tmp_path: Path) -> None:
    loop = Loop(store, tmp_path)
    loop.model = Model()
    loop.spend(20_000)
    await worked(store, 1, "Hello")
    await take(store, OFFICE[:6], Privacy(), 1.0)
    loop.count = 10
    await loop.learn(asked_in=ROOM.key)
    [(card, _)] = await deliveries(store)
    assert "Written by a model from 3 tasks; preferred in 3 of 3 blind comparisons on others" in card.text
    assert "Asks the model: “Write at most 3 lines. The decision comes first." in card.text
    assert "(80 % sure: 56 to 97 % of such requests)" in card.text
    assert [button.label for row in card.buttons for button in row] == ["Approve", "Reject", "Edit", "Details"]
    [proposal] = await store.read(lambda connection: list(connection.execute(proposals.proposals.select())))
    assert proposal.evidence["compared"] == {"count": 3, "won": 3, "ties": 0}
    report = await store.read(lambda connection: scopes.last_report(connection, "telegram:7"))
    assert report["drafts"] == [{"name": "meeting-summary", "tokens": 7 * 350, "by_model": True}]


async def test_a_chat_in_which_nobody_saw_it_come_is_told_once_that_it_learns(loop: Loop) -> None:
    for scope in (GROUP.scope, ROOM.scope):
        await loop.live(GROUP if scope == GROUP.scope else ROOM, BOB)
    await loop.store.write(Commit.FINISH, lambda c: c.execute(tables.scopes.update().values(told=None)))
    await loop.learn(GROUP.scope)
    [(hello, _), (card, _)] = await deliveries(loop.store, GROUP)
    assert "I learn procedures that repeat in this chat" in hello.text
    assert card.buttons
    await loop.learn(GROUP.scope)
    assert await deliveries(loop.store, GROUP) == []
    await loop.learn(ROOM.scope)
    [(card, _)] = await deliveries(loop.store)
    assert card.buttons
