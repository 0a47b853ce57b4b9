"""Tools that cannot be called for now: what needs them is not offered, and says why where it is called all the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.skill import Procedure, Step
from bot.engine.toolbox import Toolbox
from bot.errors import ToolError
from bot.ports import ToolContext
from bot.skills.relevance import Relevance
from bot.store.store import Store
from tests.engine.desk import Desk
from tests.engine.made import ANA, ROOM

AWAY = "The tool server orders is not there: it has ended."


async def test_a_skill_whose_tool_is_away_says_so_and_comes_back_with_it(store: Store, tmp_path: Path) -> None:
    desk = Desk(store, tmp_path)
    await desk.learn("bill", Procedure((Step("order", "get_order", {"id": "7"}),)))
    await desk.learn("foreign", Procedure((Step("order", "tool_of_another_bot"),)))
    toolbox = Toolbox([desk.orders], Relevance(desk.library, store), 2_000)
    reading, writing = desk.orders.known
    desk.orders.known = [replace(reading, away=AWAY), writing]
    offer = await toolbox.offer(ToolContext(ROOM, ANA), "?")
    assert [tool.name for tool in offer.shown] == ["get_order", "set_order"]
    assert offer.skill("skill_bill") is None
    with pytest.raises(ToolError, match=f"^The skill bill cannot be used now. {AWAY}$"):
        await offer.call("skill_bill", {})
    with pytest.raises(ToolError, match=r"foreign cannot be used now\. There is no tool named tool_of_another_bot"):
        await offer.call("skill_foreign", {})
    desk.orders.known = [reading, writing]
    offer = await toolbox.offer(ToolContext(ROOM, ANA), "?")
    assert offer.skill("skill_bill") is not None
