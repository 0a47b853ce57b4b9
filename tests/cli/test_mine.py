"""`apprentice mine` and `apprentice replay` on files, as the shell sees them."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.cli import mine as commands
from bot.domain.json import JSON
from bot.domain.trace import Trace
from bot.errors import ConfigError, SkillInvalid
from bot.learning.traces import write
from bot.skills import folder, format
from tests.learning import workplaces
from tests.learning.workplaces import traces_of

command = typer.Typer()
command.command("mine")(commands.mine)
command.command("replay")(commands.replay)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def saved(path: Path, traces: list[Trace]) -> Path:
    with path.open("w") as out:
        write(traces, out)
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return saved(tmp_path / "shop.jsonl", traces_of(workplaces.shop, Random(1), 10))


def mined(file: Path, out: Path, *more: str) -> dict[str, JSON]:
    result = run("mine", "--traces", file, "--out", out, "--no-model", "--json", *more)
    assert result.exit_code == 0, result.output
    told: dict[str, JSON] = json.loads(result.stdout)
    return told


def test_json_has_the_shape_of_the_format(shop: Path, tmp_path: Path) -> None:
    told = mined(shop, tmp_path / "out")
    assert told.keys() == {"traces", "tasks", "seconds", "skills", "refused"}
    assert (told["traces"], told["tasks"]) == (10, 10)
    (skill,) = told["skills"]
    assert list(skill) == ["name", "tools", "support", "tasks", "saves_calls", "replay", "explained"]
    assert skill["tools"] == ["find_customer_by_email", "get_customer", "get_order"]
    assert len(skill["support"]) == skill["tasks"] == 10
    assert skill["replay"] == {
        "matches": 10,
        "exact": 1,
        "bindable": 1,
        "determined": skill["replay"]["determined"],
        "commit": 1,
    }
    assert skill["explained"]["orders.order_id"] == {
        "kind": "item",
        "from": "${steps.customer_2.orders[]}",
        "supports": 10,
        "refused": [],
    }
    assert {tuple(refusal) for refusal in told["refused"]} == {("tools", "support", "reasons")}


def test_each_skill_is_a_folder_and_no_scope_stands_where_none_was_named(shop: Path, tmp_path: Path) -> None:
    (skill,) = mined(shop, tmp_path / "out")["skills"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [skill["name"]]
    read = format.parse(skill["name"], folder.read(tmp_path / "out" / skill["name"]))
    assert read.scope == "local"  # the traces of this file name it
    unnamed = tmp_path / "unnamed.jsonl"
    unnamed.write_text(shop.read_text().replace('"scope": "local", ', ""))
    (skill,) = mined(unnamed, tmp_path / "other", "--scope", "slack:T1")["skills"]
    assert format.parse(skill["name"], folder.read(tmp_path / "other" / skill["name"])).scope is None


def test_scopes_are_mined_apart(tmp_path: Path) -> None:
    one = [replace(trace, scope="slack:T1/C1") for trace in traces_of(workplaces.shop, Random(1), 5, "one")]
    two = [replace(trace, scope="slack:T1/C2") for trace in traces_of(workplaces.shop, Random(2), 5, "two")]
    few = [replace(trace, scope="slack:T1/C3") for trace in traces_of(workplaces.shop, Random(3), 2, "few")]
    told = mined(saved(tmp_path / "x.jsonl", one + two + few), tmp_path / "out")
    assert (told["traces"], told["tasks"]) == (12, 12)
    support = {skill["name"]: {trace.split("-")[0] for trace in skill["support"]} for skill in told["skills"]}
    assert support == {"orders-of-a-customer-by-email": {"one"}, "orders-of-a-customer-by-email-2": {"two"}}
    scopes = [format.parse(name, folder.read(tmp_path / "out" / name)).scope for name in support]
    assert scopes == ["slack:T1/C1", "slack:T1/C2"]


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    file = saved(tmp_path / "x.jsonl", workplaces.everyday(Random(4), 60))
    one, other = mined(file, tmp_path / "one"), mined(file, tmp_path / "other")
    assert {**one, "seconds": 0} == {**other, "seconds": 0}
    for skill in one["skills"]:
        name = skill["name"]
        assert folder.read(tmp_path / "one" / name) == folder.read(tmp_path / "other" / name)


def test_a_refused_line_is_told_and_ends_with_1(shop: Path, tmp_path: Path) -> None:
    shop.write_text(shop.read_text() + "{broken\n")
    result = run("mine", "--traces", shop, "--out", tmp_path / "out", "--no-model", "--json")
    assert result.exit_code == 1
    assert "line 11: it is no JSON" in result.stderr
    assert len(json.loads(result.stdout)["skills"]) == 1


def test_nothing_found_ends_with_0(tmp_path: Path) -> None:
    file = saved(tmp_path / "x.jsonl", traces_of(workplaces.noise, Random(1), 9))
    assert mined(file, tmp_path / "out")["skills"] == []
    result = run("mine", "--traces", file, "--out", tmp_path / "again")
    assert (result.exit_code, result.stdout) == (0, "Nothing repeats here.\n")


def test_wrong_use_is_told_before_anything_is_written(shop: Path, tmp_path: Path) -> None:
    full = run("mine", "--traces", shop, "--out", tmp_path)
    assert isinstance(full.exception, ConfigError)
    assert "is not empty" in str(full.exception)
    missing = run("mine", "--traces", tmp_path / "none", "--out", tmp_path / "out")
    assert isinstance(missing.exception, ConfigError)
    assert "cannot be read" in str(missing.exception)
    assert not (tmp_path / "out").exists()
    assert run("mine", "--out", tmp_path / "out").exit_code == 2


def test_without_json_people_can_read_it(shop: Path, tmp_path: Path) -> None:
    lines = run("mine", "--traces", shop, "--out", tmp_path / "out", "--no-model").stdout.splitlines()
    assert lines[0].startswith("orders-of-a-customer-by-email: Finds the customer by email")
    assert lines[1].startswith("  seen in 10 tasks")
    assert any(line.startswith("refused find_customer_by_email > get_customer") for line in lines)


def test_replay_shows_each_call_of_held_out_tasks(shop: Path, tmp_path: Path) -> None:
    (skill,) = mined(shop, tmp_path / "out")["skills"]
    path = tmp_path / "out" / skill["name"]
    held_out = saved(tmp_path / "more.jsonl", traces_of(workplaces.shop, Random(9), 3, "more"))
    result = run("replay", path, "--traces", held_out, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert list(told) == ["replay", "matches"]
    assert (told["replay"]["matches"], told["replay"]["exact"]) == (3, 1)
    assert [match["trace"] for match in told["matches"]] == ["more-0", "more-1", "more-2"]
    first = told["matches"][0]["calls"][0]
    assert list(first) == ["step", "tool", "recorded", "reproduced"]
    assert first["recorded"] == first["reproduced"]
    learned = json.loads(run("replay", path, "--traces", shop, "--json").stdout)
    assert (learned["replay"]["matches"], learned["matches"]) == (0, [])
    lines = run("replay", path, "--traces", held_out).stdout.splitlines()
    assert lines[0].startswith("replayed at 3 places: 100% the same calls")
    assert lines[1] == "more-0: the same calls"


def test_replay_of_what_is_no_procedure(shop: Path, tmp_path: Path) -> None:
    assert isinstance(run("replay", tmp_path / "none", "--traces", shop).exception, ConfigError)
    prose = tmp_path / "prose"
    prose.mkdir()
    assert isinstance(run("replay", prose, "--traces", shop).exception, SkillInvalid)
    (prose / "SKILL.md").write_text("---\nname: prose\ndescription: Words only.\n---\n\nDo well.\n")
    result = run("replay", prose, "--traces", shop)
    assert isinstance(result.exception, ConfigError)
    assert "nothing to replay" in str(result.exception)
