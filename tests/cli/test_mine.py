"""`apprentice mine` on files, as the shell sees it."""

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
from bot.errors import ConfigError
from bot.learning.traces import write
from bot.skills import folder, format
from tests.learning import workplaces
from tests.learning.workplaces import traces_of

command = typer.Typer()
command.command("mine")(commands.mine)


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
    result = run("--traces", file, "--out", out, "--no-model", "--json", *more)
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
    result = run("--traces", shop, "--out", tmp_path / "out", "--no-model", "--json")
    assert result.exit_code == 1
    assert f"{shop}:11: it is no JSON" in result.stderr
    assert len(json.loads(result.stdout)["skills"]) == 1


def test_nothing_found_ends_with_0(tmp_path: Path) -> None:
    file = saved(tmp_path / "x.jsonl", traces_of(workplaces.noise, Random(1), 9))
    assert mined(file, tmp_path / "out")["skills"] == []
    result = run("--traces", file, "--out", tmp_path / "again")
    assert (result.exit_code, result.stdout) == (0, "Nothing repeats here.\n")


def test_wrong_use_is_told_before_anything_is_written(shop: Path, tmp_path: Path) -> None:
    full = run("--traces", shop, "--out", tmp_path)
    assert isinstance(full.exception, ConfigError)
    assert "is not empty" in str(full.exception)
    missing = run("--traces", tmp_path / "none", "--out", tmp_path / "out")
    assert isinstance(missing.exception, ConfigError)
    assert "cannot be read" in str(missing.exception)
    assert not (tmp_path / "out").exists()
    assert run("--out", tmp_path / "out").exit_code == 2


def test_without_json_people_can_read_it(shop: Path, tmp_path: Path) -> None:
    lines = run("--traces", shop, "--out", tmp_path / "out", "--no-model").stdout.splitlines()
    assert lines[0].startswith("orders-of-a-customer-by-email: Finds the customer by email")
    assert lines[1].startswith("  seen in 10 tasks")
    assert "  orders.order_id: ${steps.customer_2.orders[]} (item, in 10 places)" in lines
    assert any(line.startswith("    not a fixed text around a parameter (composed): ") for line in lines)
    assert any(line.startswith("refused find_customer_by_email > get_customer") for line in lines)
