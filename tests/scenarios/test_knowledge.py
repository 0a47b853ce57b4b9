"""What the bot looks up: a page that the operator opened, the house's documents, and nothing of its own network."""

from pathlib import Path

import pytest

from tests.emulators.openai_server import OpenAIServer, calls, in_turn, text
from tests.emulators.telegram import TelegramEmulator
from tests.scenarios.telegram_stage import Stage
from tests.tools.pages import serving


async def test_work_begins_with_what_is_written_somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APPRENTICE_DOCUMENTS", "handbook")
    (tmp_path / "handbook").mkdir()
    (tmp_path / "handbook" / "returns.md").write_text("# Returns\n\nWithin thirty days.")
    async with serving() as pages, TelegramEmulator() as telegram:
        (tmp_path / "apprentice.toml").write_text(f'[http]\nallow = ["127.0.0.1:{pages.port}"]')
        pages.put("/shop", "<title>Shop</title><p>Open from nine.")
        pages.move("/moved", telegram.base_url)
        script = in_turn(
            calls(("http_get", {"url": pages.url("/shop")}), ("search_documents", {"query": "return a thing"})),
            calls(("http_get", {"url": telegram.base_url}), ("http_get", {"url": pages.url("/moved")})),
            text("From nine; within thirty days."),
        )
        async with OpenAIServer(script) as server:
            stage = Stage(tmp_path, telegram, server)
            async with stage.running():
                await telegram.wait_for(lambda: (tmp_path / "data" / "documents.db").exists())
                stage.ana.say("When are you open, and can I return a thing?")
                await stage.answers(stage.ana.direct, "From nine; within thirty days.")
            told = [message["content"] for message in server.requests[-1].json["messages"] if message["role"] == "tool"]
    page, found, inside, moved = told
    assert "Shop\n\nOpen from nine." in page
    assert "handbook/returns.md, Returns" in found
    assert "Within thirty days." in found
    assert "is no public address" in inside
    assert "is no public address" in moved
    assert [head.split()[1] for head in pages.asked] == ["/shop", "/moved"]
