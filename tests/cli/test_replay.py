"""`apprentice replay` on files, as the shell sees it."""

import json
from pathlib import Path
from random import Random

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli import replay as commands
from bot.domain.skill import Skill
from bot.domain.trace import Trace
from bot.errors import ConfigError, SkillInvalid
from bot.learning.mining import mine
from bot.learning.traces import write
from bot.skills import folder, format
from tests.learning.workplaces import Desk, shop, traces_of

command = typer.Typer()
command.command("replay")(commands.replay)


def run(skill: Path, file: Path, *more: str) -> Result:
    return CliRunner().invoke(command, [str(skill), "--traces", str(file), *more])


def saved(path: Path, traces: list[Trace]) -> Path:
    with path.open("w") as out:
        write(traces, out)
    return path


@pytest.fixture
def learned(tmp_path: Path) -> list[Trace]:
    return traces_of(shop, Random(1), 10)


@pytest.fixture
def skill(learned: list[Trace], tmp_path: Path) -> Path:
    (found,) = mine(learned).skills
    folder.write(tmp_path / found.name, format.render(Skill(found.name, found.description, found.procedure)))
    return tmp_path / found.name


def other(first: str, order: str) -> Trace:
    """The shop's procedure, but the customer or an order that was looked up is another than the results name."""
    desk = Desk("odd")
    desk.say("I am ana@example.com. What of my orders?")
    desk.call("find_customer_by_email", "cus_11aa22", email="ana@example.com")
    desk.call("get_customer", {"result": json.dumps({"orders": ["#1000001"]})}, customer_id=first)
    desk.call("get_order", {"result": {"order": order}}, order_id=order)
    return desk.trace()


def test_each_call_of_held_out_tasks_and_where_its_parameters_came_from(skill: Path, tmp_path: Path) -> None:
    held_out = saved(tmp_path / "more.jsonl", traces_of(shop, Random(9), 3, "more"))
    result = run(skill, held_out, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert list(told) == ["replay", "matches"]
    assert (told["replay"]["matches"], told["replay"]["exact"]) == (3, 1)
    assert [match["trace"] for match in told["matches"]] == ["more-0", "more-1", "more-2"]
    match = told["matches"][0]
    assert list(match) == ["trace", "exact", "parameters", "difference", "calls"]
    assert match["difference"] is None
    first = match["calls"][0]
    assert list(first) == ["step", "tool", "recorded", "reproduced"]
    assert first["recorded"] == first["reproduced"]
    assert match["parameters"] == {"email": {"value": first["recorded"]["email"], "from": "said by the person"}}
    lines = run(skill, held_out).stdout.splitlines()
    assert lines[0].startswith("replayed at 3 places: 100% the same calls")
    assert lines[1] == "more-0: the same calls"
    assert lines[2].startswith('    email "')
    assert lines[3].startswith('  = customer: find_customer_by_email {"email": ')


def test_what_it_was_learned_from_is_no_proof(skill: Path, learned: list[Trace], tmp_path: Path) -> None:
    file = saved(tmp_path / "learned.jsonl", learned)
    result = run(skill, file, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["matches"] == []
    assert "nothing to replay" in run(skill, file).stdout


def test_the_first_difference_is_named_and_ends_with_1(skill: Path, tmp_path: Path) -> None:
    result = run(skill, saved(tmp_path / "x.jsonl", [other("cus_99zz88", "#1000001")]), "--json")
    assert result.exit_code == 1
    (match,) = json.loads(result.stdout)["matches"]
    assert not match["exact"]
    assert match["difference"] == ('step customer_2: customer_id was "cus_99zz88", the skill gives "cus_11aa22"')
    result = run(skill, saved(tmp_path / "y.jsonl", [other("cus_11aa22", "#2000002")]))
    assert result.exit_code == 1
    assert "odd: NOT the same calls" in result.stdout
    assert '  - orders: get_order {"order_id": "#2000002"}' in result.stdout
    assert '  + orders: get_order {"order_id": "#1000001"}' in result.stdout
    assert 'differs first in step orders: order_id was "#2000002", the skill gives "#1000001"' in result.stdout


def test_a_refused_line_ends_with_1(skill: Path, tmp_path: Path) -> None:
    file = saved(tmp_path / "x.jsonl", traces_of(shop, Random(9), 1, "more"))
    file.write_text("{\n" + file.read_text())
    result = run(skill, file)
    assert result.exit_code == 1
    assert f"{file}:1: it is no JSON" in result.stderr
    assert "more-0: the same calls" in result.stdout


def test_what_is_no_procedure(skill: Path, tmp_path: Path) -> None:
    file = saved(tmp_path / "x.jsonl", [])
    assert isinstance(run(tmp_path / "none", file).exception, ConfigError)
    assert isinstance(run(skill, tmp_path / "nowhere").exception, ConfigError)
    prose = tmp_path / "prose"
    prose.mkdir()
    assert isinstance(run(prose, file).exception, SkillInvalid)
    (prose / "SKILL.md").write_text("---\nname: prose\ndescription: Words only.\n---\n\nDo well.\n")
    result = run(prose, file)
    assert isinstance(result.exception, ConfigError)
    assert "nothing to replay" in str(result.exception)
