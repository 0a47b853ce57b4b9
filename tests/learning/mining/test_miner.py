"""What is found in simulated workplaces, and what is not."""

import json
from dataclasses import replace
from random import Random

import pytest

from bot.domain.skill import Skill
from bot.domain.trace import Outcome, Trace
from bot.learning.mining import Candidate, Report, Taken, mine
from bot.skills import format
from tests.learning import workplaces
from tests.learning.workplaces import Desk, Work, token, traces_of


def found(report: Report) -> list[tuple[str, ...]]:
    return [tuple(str(step.tool) for step in skill.procedure.steps) for skill in report.skills]


def only(report: Report) -> Candidate:
    assert len(report.skills) == 1, (found(report), report.refused)
    return report.skills[0]


def templates(skill: Candidate) -> list[tuple[str, object, dict[str, object]]]:
    return [(step.id, step.for_each, dict(step.arguments)) for step in skill.procedure.steps]


def why(report: Report, *tools: str) -> str:
    """The reasons for which a sequence was refused."""
    return " | ".join(reason for refusal in report.refused if refusal.tools == tools for reason in refusal.reasons)


def mined(work: Work, count: int = 12, **changes: object) -> Report:
    return mine([replace(trace, **changes) for trace in traces_of(work, Random(7), count)])


def test_shop_is_a_chain_of_references_that_ends_in_a_loop() -> None:
    skill = only(mined(workplaces.shop))
    assert templates(skill) == [
        ("customer", None, {"email": "${parameters.email}"}),
        ("customer_2", None, {"customer_id": "${steps.customer}"}),
        ("orders", "${steps.customer_2.orders}", {"order_id": "${item}"}),
    ]
    assert skill.name == "orders-of-a-customer-by-email"
    assert skill.procedure.required == ("email",)
    assert (skill.tasks, skill.people, skill.verified, skill.writes) == (12, 7, 12, ())
    assert skill.replay.matches == 12
    assert (skill.replay.exact, skill.replay.bindable, skill.replay.commit) == (1, 1, 1)


def test_files_are_read_by_composed_paths() -> None:
    skill = only(mined(workplaces.files))
    assert templates(skill) == [
        ("customer", None, {"path": "customers/${parameters.customer}.json"}),
        ("orders", "${steps.customer.orders}", {"path": "orders/${item}.json"}),
    ]


def test_tickets_have_constants_and_a_loop_over_a_field_of_objects() -> None:
    skill = only(mined(workplaces.tickets))
    assert templates(skill) == [
        ("tickets", None, {"team": "${parameters.team}", "status": "open", "limit": 50}),
        ("customers", "${steps.tickets.tickets}", {"customer": "${item.customer}", "full": True}),
    ]


def test_build_ends_in_a_confirmed_write() -> None:
    skill = only(mined(workplaces.build))
    assert templates(skill)[1:] == [
        ("log", None, {"url": "${steps.last_build.build.log_url}"}),
        ("post_message", None, {"channel": "#builds", "text": "Build ${steps.last_build.build.number} is red"}),
    ]
    assert skill.writes == ("chat__post_message",)
    assert skill.description.endswith("Asks before it changes anything.")


@pytest.mark.parametrize("outcome", [Outcome(), Outcome("success", "judge"), Outcome("failure", "verifier")])
def test_a_write_needs_confirmed_success_and_reading_none(outcome: Outcome) -> None:
    report = mined(workplaces.build, outcome=outcome)
    assert found(report) == [("ci__get_last_build", "ci__read_log")]


def test_feedback_confirms_a_write() -> None:
    assert only(mined(workplaces.build, outcome=Outcome("success", "feedback"))).verified == 12


@pytest.mark.parametrize("mark", ["suspect", "private"])
def test_what_looks_like_a_hack_or_was_opted_out_of_is_not_learned_from(mark: str) -> None:
    report = mined(workplaces.shop, **{mark: True})
    assert report == Report(12, 12, (), ())


def test_everyday_work_gives_the_planted_procedures_and_no_other() -> None:
    report = mine(workplaces.everyday(Random(5), 120))
    kinds = (workplaces.shop, workplaces.files, workplaces.tickets, workplaces.build)
    assert {skill.fingerprint for skill in report.skills} == {only(mined(kind)).fingerprint for kind in kinds}


@pytest.mark.parametrize("kind", [workplaces.question, workplaces.noise])
def test_where_nothing_repeats_nothing_is_found(kind: Work) -> None:
    assert found(mined(kind, 200)) == []


def test_a_procedure_never_crosses_what_the_person_says() -> None:
    def work(desk: Desk, random: Random) -> None:
        key = token(random)
        desk.say(f"Open {key}.")
        desk.call("find_box", f"box-{key}", key=key)
        desk.say("And now look into it.")
        desk.call("get_box", {"full": True}, box=f"box-{key}")

    assert found(mined(work)) == []


def test_a_failed_call_between_is_no_support() -> None:
    def work(desk: Desk, random: Random) -> None:
        key = token(random)
        desk.say(f"Open {key}.")
        desk.call("find_box", {"box": f"box-{token(random)}"}, key=key)
        desk.call("get_box", "no", failed=True, box="?")
        desk.call("get_box", {"full": True}, box=json.loads(desk.messages[2]["content"])["box"])

    assert found(mined(work)) == []


@pytest.mark.parametrize(("tool", "learned"), [("get_box", 1), ("open_box", 0)])
@pytest.mark.parametrize("first", [True, False])
def test_a_failed_call_before_or_after_is_no_hindrance_to_reading(tool: str, learned: int, first: bool) -> None:
    def work(desk: Desk, random: Random) -> None:
        key, box = token(random), f"box-{token(random)}"
        desk.say(f"Open {key}.")
        if first:
            desk.call("find_box", "no", failed=True, key="?")
        desk.call("find_box", {"box": box}, key=key)
        desk.call(tool, {"full": True}, box=box)
        if not first:
            desk.call("find_lid", "no", failed=True, lid="?")

    assert len(mined(work).skills) == learned


def chain(field: str, argument: str, value: str = "token", said: str = "Look at {key}.") -> Work:
    """`get_first(key)` gives `field`, which `get_second` takes as `argument`, in every task."""

    def work(desk: Desk, random: Random) -> None:
        key = token(random)
        made = {"token": token(random), "digit": random.randrange(3), "same": "AB-1234"}[value]
        desk.say(said.format(key=key))
        desk.call("get_first", {field: made, "more": [token(random), 1, 2]}, key=key)
        desk.call("get_second", {"ok": True}, **{argument: made})

    return work


def test_a_reference_needs_names_that_agree() -> None:
    assert found(mined(chain("box_id", "box"))) == [("get_first", "get_second")]
    report = mined(chain("colour", "box"))
    assert found(report) == []
    assert "ties `get_second`" in why(report, "get_first", "get_second")


def test_plain_values_that_agree_are_an_accident() -> None:
    assert found(mined(chain("box", "box", value="digit"), 5)) == []


def test_a_value_that_never_differs_is_no_reference_and_an_id_no_constant() -> None:
    report = mined(chain("box_id", "box_id", value="same"))
    assert found(report) == []


def test_a_fixed_place_in_a_list_is_a_decision() -> None:
    def work(desk: Desk, random: Random) -> None:
        hits = [{"page": token(random)} for _ in range(5)]
        desk.say(f"What about {token(random)}?")
        desk.call("search_pages", {"hits": hits}, query=desk.messages[0]["content"][11:-1])
        desk.call("read_page", "text", page=hits[0]["page"])

    assert found(mined(work)) == []


@pytest.mark.parametrize("read", [1, 2])
def test_reading_a_few_of_many_is_no_loop(read: int) -> None:
    def work(desk: Desk, random: Random) -> None:
        hits = [token(random) for _ in range(9)]
        desk.say(f"What about {token(random)}?")
        desk.call("search_pages", {"pages": hits}, query=desk.messages[0]["content"][11:-1])
        for page in random.sample(hits, read):
            desk.call("read_page", "text", page=page)

    assert found(mined(work, 30)) == []


def test_writing_for_each_is_refused() -> None:
    def work(desk: Desk, random: Random) -> None:
        boxes = [token(random) for _ in range(3)]
        shelf = token(random)
        desk.say(f"Close all boxes of {shelf}.")
        desk.call("list_boxes", {"boxes": boxes}, shelf=shelf)
        for box in boxes:
            desk.call("close_box", "closed", box=box)

    assert found(mined(work)) == []


def posted(channel: str, said: str = "Tell them about {key}.", result: str = "x") -> Work:
    """Reads what the person names, then posts it to `channel`."""

    def work(desk: Desk, random: Random) -> None:
        key = token(random)
        desk.say(said.format(key=key))
        text = token(random)
        desk.call("get_note", {"text": text, "where": result}, note=key)
        desk.call("post_note", "ok", channel=channel, text=text, urgent=False)

    return work


def test_a_constant_stands_in_the_procedure() -> None:
    arguments = templates(only(mined(posted("general"))))[1][2]
    assert arguments == {"channel": "general", "text": "${steps.note.text}", "urgent": False}


def test_what_the_person_said_is_no_constant() -> None:
    skill = only(mined(posted("general", said="Tell the people in general about {key}.")))
    assert templates(skill)[1][2]["channel"] == "${parameters.channel}"
    refused = skill.explained["post_note.channel"].refused
    assert [(each.kind, each.reason) for each in refused] == [("constant", "the person said it")]


def test_what_an_earlier_result_held_is_no_constant() -> None:
    report = mined(posted("general", result="general"))
    assert all(templates(skill)[1][2]["channel"] != "general" for skill in report.skills)


@pytest.mark.parametrize(
    ("channel", "reason"),
    [("ana@example.org", "an e-mail address"), ("AKIAIOSFODNN7EXAMPLE", "AWS")],
)
def test_what_is_secret_or_personal_is_refused(channel: str, reason: str) -> None:
    assert reason in why(mined(posted(channel)), "get_note", "post_note")


def test_a_parameter_that_carries_a_secret_is_refused() -> None:
    report = mined(chain("box_id", "box", said="Look, the password is {key}."))
    assert only(report)

    def work(desk: Desk, random: Random) -> None:
        word = token(random)
        desk.say(f"My password is {word}.")
        desk.call("get_session", {"session": token(random)}, password=word)
        desk.call("get_mail", "mail", session=json.loads(desk.messages[2]["content"])["session"])

    assert "would carry a secret" in why(mined(work), "get_session", "get_mail")


def test_calls_of_one_message_did_not_know_each_other() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, box = token(random), token(random)
        desk.say(f"Look at {key} and {box}.")
        desk.together([("get_first", {"key": key}, {"box": box}), ("get_second", {"box": box}, "ok")])

    report = mined(work)
    assert not any("${steps." in json.dumps(templates(skill)) for skill in report.skills)


def test_an_argument_that_some_calls_go_without_is_optional() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, note = token(random), token(random)
        desk.say(f"Look at {key}, {note}.")
        desk.call("get_first", {"box": box} if (box := token(random)) else "", key=key)
        desk.call("get_second", "ok", box=box, **({"note": note} if random.random() < 0.5 else {}))

    skill = only(mined(work, 30))
    assert skill.procedure.required == ("key",)
    assert templates(skill)[1][2] == {"box": "${steps.first.box}", "note": "${parameters.note}"}


def test_a_parameter_is_shared_by_the_steps_that_need_it() -> None:
    def work(desk: Desk, random: Random) -> None:
        repo = f"org/{token(random)}"
        desk.say(f"How is {repo}?")
        desk.call("github__list_issues", [{"title": token(random)}], repo=repo, state="open")
        desk.call("github__list_releases", [{"tag": token(random)}], repo=repo)

    skill = only(mined(work))
    assert [step[2].get("repo") for step in templates(skill)] == ["${parameters.repo}"] * 2


def test_two_arguments_of_one_step_are_two_parameters() -> None:
    def work(desk: Desk, random: Random) -> None:
        day, hall = f"2031-0{random.randint(1, 9)}-{random.randint(10, 28)}", token(random)
        desk.say(f"What is on in {hall} on {day}?")
        desk.call("get_hall", {"hall_id": token(random)}, hall=hall)
        hall_id = json.loads(desk.messages[2]["content"])["hall_id"]
        desk.call("list_shows", [], hall_id=hall_id, first=day, last=day, sold_out=False)

    assert only(mined(work)).procedure.required == ("hall", "first", "last")


def test_known_structures_are_not_proposed_again() -> None:
    traces = traces_of(workplaces.shop, Random(7), 12)
    known = only(mine(traces)).fingerprint
    report = mine(traces, taken=Taken(frozenset([known])))
    assert report.skills == ()
    assert "it is known" in why(report, "find_customer_by_email", "get_customer", "get_order")


def test_what_people_found_too_narrow_makes_room_for_others_that_do_the_same_work() -> None:
    traces = traces_of(workplaces.shop, Random(7), 12)
    narrow = only(mine(traces)).fingerprint
    report = mine(traces, taken=Taken(narrow=frozenset([narrow])))
    assert "people found it too narrow" in why(report, "find_customer_by_email", "get_customer", "get_order")
    assert narrow not in [found.fingerprint for found in report.skills]
    assert report.skills


@pytest.mark.parametrize(("tasks", "count"), [(2, 0), (3, 1)])
def test_three_tasks_are_the_least(tasks: int, count: int) -> None:
    assert len(mined(workplaces.shop, tasks).skills) == count


def test_trials_of_one_task_count_once() -> None:
    assert found(mined(workplaces.shop, 12, task="the same")) == []


def test_support_grows_with_the_tasks_that_use_the_same_tools() -> None:
    traces = traces_of(workplaces.tickets, Random(1), 4)

    def other(desk: Desk, random: Random) -> None:
        customer = f"c-{token(random)}"
        desk.say(f"Which plan has {customer}?")
        desk.call("desk__get_customer", {"plan": "A"}, customer=customer, full=True)

    assert len(mine(traces).skills) == 1
    assert len(mine(traces + traces_of(workplaces.noise, Random(2), 200)).skills) == 1
    assert len(mine(traces + traces_of(other, Random(3), 50)).skills) == 1
    assert mine(traces + traces_of(other, Random(3), 200)).skills == ()


def test_only_explained_places_are_support() -> None:
    def work(desk: Desk, random: Random) -> None:
        key, box = token(random), token(random)
        desk.say(f"About {key}.")
        desk.call("get_first", {"box": box}, key=key)
        desk.call("get_second", "ok", box=token(random) if desk.id == "work-7" else box)

    traces = traces_of(work, Random(1), 40)
    assert only(mine(traces, min_tasks=39)).tasks == 39
    assert "explained in 39 tasks: 40 are needed" in why(mine(traces, min_tasks=40), "get_first", "get_second")


def test_interleaved_chains_support_a_procedure() -> None:
    def work(desk: Desk, random: Random) -> None:
        one, two = token(random), token(random)
        desk.say(f"Compare {one} and {two}.")
        first, second = {"box": token(random)}, {"crate": token(random)}
        desk.call("find_left", first, key=one)
        if random.random() < 0.7:
            desk.call("think", "", thought=token(random))
        desk.call("get_box", "full", box=first["box"])
        desk.call("find_right", second, key=two)

    skill = only(mined(work, 30))
    assert (skill.tasks, skill.replay.matches < 30) == (30, True)


def test_every_skill_is_a_valid_folder_without_a_real_value() -> None:
    traces = workplaces.everyday(Random(11), 120)
    values = {value for trace in traces for value in real_values(trace)}
    for skill in mine(traces).skills:
        files = format.render(Skill(skill.name, skill.description, skill.procedure))
        again = format.parse(skill.name, files)
        assert again.procedure == skill.procedure
        text = files["procedure.yaml"].decode().split("provenance:")[0] + files["SKILL.md"].decode()
        assert [value for value in values if value in text] == []


def real_values(trace: Trace) -> set[str]:
    """The ids, addresses and names of a trace: what is made of letters and digits."""
    words = json.dumps(trace.messages).replace('\\"', '"').split('"')
    return {word for word in words if any(map(str.isdigit, word)) and any(map(str.isalpha, word)) and len(word) > 6} - {
        message["tool_calls"][0]["id"] for message in trace.messages if "tool_calls" in message
    }


def test_what_passed_the_gates_and_was_not_chosen_tells_what_it_would_add() -> None:
    report = mined(workplaces.shop, 10)
    assert why(report, "get_customer", "get_order") == "the chosen procedures do the same work in as few calls"
    traces = traces_of(workplaces.shop, Random(3), 20)
    told = {}
    for orders in (1, 2, 3):
        trace = next(trace for trace in traces if len(trace.messages) == 5 + 2 * orders)
        known_already = replace(trace, id="again", messages=(trace.messages[0], *trace.messages[3:]))
        told[orders] = why(mine([*traces, known_already]), "get_customer", "get_order")
    beside = "beside the chosen procedures it would save"
    assert told == {
        1: f"{beside} 1 call, and its steps must save 2.2",
        2: f"{beside} 2 calls, and its steps must save 2.2",
        3: "",
    }


@pytest.mark.parametrize(("tool", "chosen"), [("get_plan", True), ("set_plan", False)])
def test_what_writes_must_show_twice_as_much(tool: str, chosen: bool) -> None:
    random = Random(1)
    desks = [Desk(f"t{number}") for number in range(60)]
    for desk in desks:
        email, customer = f"{token(random)}@example.com", token(random)
        desk.say(f"What does {email} pay?")
        if desk in desks[:3]:
            desk.call("find_customer", customer, email=email)
        desk.call(tool, "gold", customer_id=customer)
    refused = "" if chosen else "beside the chosen procedures it would save 3 calls, and its steps must save 5.9"
    assert why(mine(desk.trace() for desk in desks), "find_customer", tool) == refused
