"""`apprentice skills run` with tools of a tool server, as a process."""

import json
import sys
from pathlib import Path

from bot.domain.skill import Procedure, Skill, Step
from bot.skills import folder, format
from tests.cli.test_serve import TOOL_SERVER, ended

STEPS = Procedure(
    (Step("order", "stand__order", {"number": "${parameters.number}"}),),
    {"number": {"type": "integer", "description": "The order's number"}},
    ("number",),
    returns="${steps.order.city}",
)


async def test_a_skill_of_a_servers_tools_runs_or_says_what_is_away(tmp_path: Path) -> None:
    skill = Skill("order-city", "Tells where an order goes.", STEPS)
    folder.write(tmp_path / "skills" / "order-city", format.render(skill))
    assert (await ended(tmp_path, "skills", "approve", "order-city"))[0] == 0
    run = ("skills", "run", "order-city", "--set", "number=7")
    status, _, err = await ended(tmp_path, *run)
    assert status == 1
    assert "order-city needs tools that are not here: stand__order." in err
    server = {"command": sys.executable, "args": [TOOL_SERVER]}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"stand": server}}))
    status, out, err = await ended(tmp_path, *run)
    assert (status, "Köln" in out) == (0, True), err
    (tmp_path / "apprentice.toml").write_text('[tools.local]\n"stand__*" = "deny"\n')
    status, _, err = await ended(tmp_path, *run)
    assert status == 1
    assert "stand__order may not be used here: the operator's apprentice.toml denies it." in err


async def test_a_step_searches_the_documents(tmp_path: Path) -> None:
    step = Step("found", "search_documents", {"query": "${parameters.topic}"})
    topic = {"topic": {"type": "string", "description": "What it is about"}}
    skill = Skill(
        "look-up", "Looks a topic up.", Procedure((step,), topic, ("topic",), returns="${steps.found[0].snippet}")
    )
    folder.write(tmp_path / "skills" / "look-up", format.render(skill))
    (tmp_path / "handbook").mkdir()
    (tmp_path / "handbook" / "returns.md").write_text("# Returns\n\nWithin thirty days.")
    assert (await ended(tmp_path, "skills", "approve", "look-up"))[0] == 0
    run = ("skills", "run", "look-up", "--set", "topic=returns")
    assert "search_documents" in (await ended(tmp_path, *run))[2]
    status, out, err = await ended(tmp_path, *run, APPRENTICE_DOCUMENTS="handbook")
    assert (status, "Within thirty days." in out) == (0, True), err
    assert (tmp_path / "data" / "documents.db").exists()
