"""The demo, told whole: the real bot, a card approved, fewer calls, the same answer; and nothing of it by magic."""

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from bot.clients.clock import SystemClock
from bot.demo import story
from bot.demo.chat import DemoChat
from bot.errors import Refused
from bot.skills import folder
from bot.skills.shipped import SHIPPED


async def told(path: Path) -> tuple[story.Ending, str]:
    screen = io.StringIO()
    ending = await story.tell(yes=True, console=Console(file=screen, width=100), folder=path)
    return ending, screen.getvalue()


async def test_the_story_ends_with_a_skill_and_fewer_calls(tmp_path: Path) -> None:
    shipped = {path.name for path in folder.folders(story.WORKSPACE.parents[2] / "skills")}
    ending, screen = await told(tmp_path)
    assert ending.answers[0] == ending.answers[1]
    assert ending.after.calls < ending.before.calls
    assert ending.after.bytes < ending.before.bytes
    [skill] = (tmp_path / "skills").iterdir()
    assert {path.name for path in skill.iterdir()} == {"SKILL.md", "procedure.yaml"}
    assert skill.name not in {ref.name for ref in SHIPPED}
    assert "small program" in screen
    assert "Approved by you" in screen
    assert str(tmp_path) in screen.replace("\n", "")
    assert {path.name for path in folder.folders(story.WORKSPACE.parents[2] / "skills")} == shipped


async def test_without_the_folder_the_saving_is_gone(tmp_path: Path) -> None:
    ending, _ = await told(tmp_path)
    [skill] = (tmp_path / "skills").iterdir()
    shutil.rmtree(skill)
    chat = DemoChat(Console(file=io.StringIO()), SystemClock())
    again = []
    async with story.stage(tmp_path, chat) as app:

        async def once_more() -> None:
            again.append(await story.ask(app, chat))

        chat.story = once_more
        await app.run()
    [(spent, answer)] = again
    assert answer == ending.answers[0]
    assert spent.calls == ending.before.calls


async def test_nobody_decides_nothing_goes_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter(["x", "d", "r"])
    monkeypatch.setattr("builtins.input", lambda: next(keys))
    screen = io.StringIO()
    with pytest.raises(Refused, match="Rejected"):
        await story.tell(yes=False, console=Console(file=screen, width=100), folder=tmp_path)
    assert list((tmp_path / "skills").iterdir()) == []
    assert "procedure.yaml" in screen.getvalue() or "format: 1" in screen.getvalue()
    assert "Rejected by you" in screen.getvalue()
