"""The command itself, as a process: `run` and `chat`, their mistakes, their lock, their end."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.lock import process_lock
from tests.emulators.openai_server import OpenAIServer, calls, in_turn, text
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack_delivery import HttpRequests
from tests.emulators.telegram import TelegramEmulator
from tests.ports import kept_port

TOOL_SERVER = str(Path(__file__).parent.parent / "clients" / "tool_server.py")
MODEL = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}


async def started(path: Path, *arguments: str, **variables: str) -> asyncio.subprocess.Process:
    environment = {"PATH": os.environ["PATH"], "HOME": str(path), "APPRENTICE_HOME": str(path / "data")}
    environment |= {"APPRENTICE_SKILLS": str(path / "skills"), **MODEL, **variables}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env=environment,
        cwd=path,
        **dict.fromkeys(("stdin", "stdout", "stderr"), -1),
    )


async def ended(path: Path, *arguments: str, said: bytes = b"", **variables: str) -> tuple[int | None, str, str]:
    process = await started(path, *arguments, **variables)
    out, err = await process.communicate(said)
    return process.returncode, out.decode(), err.decode()


async def test_without_a_token_run_says_what_to_set(tmp_path: Path) -> None:
    status, out, err = await ended(tmp_path, "run")
    assert (status, out) == (2, "")
    assert "TELEGRAM_BOT_TOKEN" in err
    assert "SLACK_BOT_TOKEN" in err
    assert "apprentice demo" in err


async def test_every_wrong_setting_has_its_sentence(tmp_path: Path) -> None:
    wrong = {"APPRENTICE_LEARN_EVERY": "soon", "APPRENTICE_ALLOWED": "bob", "APPRENTICE_WORKSPACE": "skills"}
    status, _, err = await ended(tmp_path, "chat", **wrong)
    assert status == 2
    assert "APPRENTICE_LEARN_EVERY: 'soon' is no duration" in err
    assert "APPRENTICE_ALLOWED: 'bob' names nobody" in err
    assert "Traceback" not in err


async def test_a_workspace_that_reaches_the_skills_stops_the_start(tmp_path: Path) -> None:
    for workspace in ("skills", "skills/inner", "."):
        status, _, err = await ended(tmp_path, "chat", APPRENTICE_WORKSPACE=workspace)
        assert (status, "overlap" in err) == (2, True)


async def test_two_processes_do_not_share_a_database(tmp_path: Path) -> None:
    with process_lock(tmp_path / "data"):
        status, _, err = await ended(tmp_path, "chat")
        assert status == 2
        assert "Another apprentice is working in" in err
        status, out, _ = await ended(tmp_path, "skills", "list", "--json")
        assert (status, out) == (0, "[]\n")


async def test_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "apprentice.db").write_bytes(b"this is no database, only text" * 50)
    status, _, err = await ended(tmp_path, "chat")
    assert status == 2
    assert "cannot be opened" in err
    assert "Traceback" not in err


async def test_lines_from_a_pipe_are_answered(tmp_path: Path) -> None:
    async with OpenAIServer() as model:
        status, out, err = await ended(tmp_path, "chat", said=b"hello there\n/help\n", OPENAI_BASE_URL=model.base_url)
    assert (status, err) == (0, "")
    assert "hello there" in out
    assert "/skills" in out


async def test_tools_of_a_server_are_there_for_the_first_line_and_it_ends_with_the_bot(tmp_path: Path) -> None:
    server = {"command": sys.executable, "args": [TOOL_SERVER], "env": {"KEY": "${MODEL_KEY}"}}
    gone = {"command": "no-such-program"}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"stand": server, "gone": gone}}))
    (tmp_path / "apprentice.toml").write_text('[tools]\n"stand__show_*" = "allow"\n')
    script = in_turn(calls(("stand__show_environment", {})), text("Done."))
    async with OpenAIServer(script) as model:
        variables = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-of-the-bot", "MODEL_KEY": "k-of-its-own"}
        status, out, err = await ended(tmp_path, "chat", said=b"look\n", **variables)
    assert (status, err) == (0, "")
    assert "Done." in out
    assert "stand__order" in [tool["function"]["name"] for tool in model.asked[0]["tools"]]
    seen = json.loads(model.asked[1]["messages"][-1]["content"])
    assert seen["HOME"] == str(tmp_path)
    assert "OPENAI_API_KEY" not in seen
    assert "sk-of-the-bot" not in str(seen)


async def test_a_model_that_is_not_there_is_told_in_the_chat(tmp_path: Path) -> None:
    async with OpenAIServer(key="right") as model:
        status, out, _ = await ended(
            tmp_path, "chat", said=b"hello\n", OPENAI_BASE_URL=model.base_url, OPENAI_API_KEY="sk-wrong"
        )
    assert status == 0
    assert "OPENAI_API_KEY" in out
    assert "sk-wrong" not in out
    assert "Traceback" not in out


async def test_a_refused_token_stops_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "apprentice.toml").write_text('[tools]\nhttp_gte = "deny"\n')
    async with TelegramEmulator() as telegram:
        token = "1:AAwrong"
        status, _, err = await ended(tmp_path, "run", TELEGRAM_BOT_TOKEN=token, TELEGRAM_BASE_URL=telegram.base_url)
    assert status == 2
    assert "TELEGRAM_BOT_TOKEN" in err
    assert "is it http_get?" in err
    assert token not in err
    assert "Traceback" not in err


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_run_serves_telegram_and_stops_cleanly(tmp_path: Path, name: signal.Signals) -> None:
    async with TelegramEmulator() as telegram, OpenAIServer() as model:
        process = await started(
            tmp_path,
            "run",
            TELEGRAM_BOT_TOKEN=telegram.token,
            TELEGRAM_BASE_URL=telegram.base_url,
            OPENAI_BASE_URL=model.base_url,
        )
        assert process.stderr is not None
        code = ""
        while "/start" not in code:
            code = (await process.stderr.readline()).decode()
        ann = telegram.person("Ann")
        ann.say("let me in")
        ann.say(code[code.index("/start") :].strip())
        ann.say("hello")
        await telegram.wait_for(lambda: any(m.sender.is_bot and m.text == "hello" for m in ann.direct.messages))
        process.send_signal(name)
        _, err = await process.communicate()
    assert process.returncode == 0
    assert "Stopped; what is unfinished goes on" in err.decode()
    assert "Traceback" not in err.decode()
    assert telegram.token not in err.decode()


async def test_a_refused_token_of_slack_stops_both_platforms(tmp_path: Path) -> None:
    async with TelegramEmulator() as telegram, SlackEmulator() as slack:
        variables = both(telegram, slack) | {"SLACK_APP_TOKEN": "xapp-mistaken"}
        status, _, err = await ended(tmp_path, "run", **variables)
    assert status == 2
    assert "SLACK_APP_TOKEN" in err
    assert "mistaken" not in err
    assert "Traceback" not in err


@pytest.fixture
def port() -> Iterator[int]:
    with kept_port() as port:
        yield port


@pytest.mark.parametrize("http", [False, True], ids=["socket mode", "http events"])
async def test_run_serves_telegram_and_slack_at_once(tmp_path: Path, port: int, http: bool) -> None:
    async with (
        TelegramEmulator() as telegram,
        SlackEmulator(retry_after=(0.1,) * 3000) as slack,
        OpenAIServer() as model,
    ):
        variables = both(telegram, slack) | {"OPENAI_BASE_URL": model.base_url, "APPRENTICE_ALLOWED": "*"}
        if http:
            variables |= {"SLACK_APP_TOKEN": "", "SLACK_LISTEN": f"127.0.0.1:{port}"}
            slack.outbox.transport = HttpRequests(f"http://127.0.0.1:{port}/slack/events", slack.signing_secret, 3)
        process = await started(tmp_path, "run", **variables)
        ann, ben = telegram.person("Ann"), slack.person("Ben")
        ann.say("hello from telegram")
        ben.say(ben.direct, "hello from slack")
        await telegram.wait_for(lambda: any(m.sender.is_bot for m in ann.direct.messages))
        await slack.wait_for(lambda: any(m.sender is slack.bot for m in ben.direct.messages))
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    assert process.returncode == 0
    assert (ann.direct.messages[-1].text, ben.direct.messages[-1].text) == ("hello from telegram", "hello from slack")
    assert "Traceback" not in err.decode()
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret):
        assert secret not in err.decode()


def both(telegram: TelegramEmulator, slack: SlackEmulator) -> dict[str, str]:
    """The settings of both platforms."""
    return {
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_BASE_URL": telegram.base_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
    }


async def test_a_budget_of_the_file_ends_the_work_and_what_was_used_is_summed_up(tmp_path: Path) -> None:
    (tmp_path / "apprentice.toml").write_text("[budgets]\nday = { tokens = 150 }\n")
    async with OpenAIServer() as model:
        said = b"one\ntwo\nthree\nfour\n"
        status, out, err = await ended(tmp_path, "chat", said=said, OPENAI_BASE_URL=model.base_url)
    assert (status, err) == (0, "")
    assert ["one", "two", "three" in out, "four" in out] == [*out.split()[:2], False, False]
    assert out.count("My budget for today is used up.") == 1
    status, out, _ = await ended(tmp_path, "cost", "--by", "conversation", "--json")
    [row] = json.loads(out)
    assert (row["conversation"], row["calls"], row["tokens_in"]) == ("console:local", 2, 200)
