"""The models that the settings ask for."""

from pathlib import Path

import pytest

from bot.cli import models
from bot.domain.json import JSON
from bot.ports import ModelRequest
from bot.settings import load
from tests.emulators.openai_server import OpenAIServer, Reply, error, text

HI = ModelRequest(messages=[{"role": "user", "content": "hi"}])


async def test_a_second_model_is_asked_where_one_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answer(request: JSON) -> Reply:
        return text("Two.") if request["model"] == "two" else error(429, retry_after="60")

    tables = tmp_path / "apprentice.toml"
    tables.write_text('[model]\nsecond = "two"\n')
    async with OpenAIServer(answer) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("APPRENTICE_MODEL", "one")
        async with models.working(load(tables=tables)) as model:
            assert (await model.complete(HI)).text == "Two."
        assert [request["model"] for request in server.asked] == ["one", "two"]
