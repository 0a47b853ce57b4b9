"""`apprentice traces import` and `export`, as the shell sees them, on a real database."""

from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner, Result

from bot.cli.traces import command
from bot.errors import ConfigError
from bot.learning.traces import as_line, read
from tests.learning.workplaces import shop, traces_of

TRACES = traces_of(shop, Random(1), 3)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APPRENTICE_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_what_is_imported_is_exported_and_known_from_then_on(home: Path) -> None:
    (home / "log.jsonl").write_text("".join(as_line(trace) + "\n" for trace in TRACES))
    result = run("import", "log.jsonl")
    assert (result.exit_code, result.stdout) == (0, "3 traces imported, 0 brought up to date, 0 known already.\n")
    exported = run("export")
    assert exported.exit_code == 0
    assert read(exported.stdout.splitlines()).traces == tuple(TRACES)
    assert run("export", "--scope", "slack:T1").stdout == ""
    (home / "back.jsonl").write_text(exported.stdout)
    assert run("import", "back.jsonl").stdout == "0 traces imported, 0 brought up to date, 3 known already.\n"


def test_refused_lines_are_told_and_the_good_ones_kept(home: Path) -> None:
    nameless = as_line(TRACES[0]).replace('"scope": "local", ', "")
    (home / "log.jsonl").write_text(f"{nameless}\n\n{{broken\n{nameless}\n{as_line(TRACES[1])}\n")
    result = run("import", "log.jsonl", "--scope", "telegram:42")
    assert result.exit_code == 1
    assert result.stdout == "2 traces imported, 0 brought up to date, 0 known already.\n"
    first, second = result.stderr.splitlines()
    assert first.startswith("log.jsonl:3: it is no JSON")
    assert second == "log.jsonl:4: the id 'shop-0' stands in line 1 already; each trace needs its own"
    assert [trace.id for trace in read(run("export", "--scope", "telegram:42").stdout.splitlines()).traces] == [
        "shop-0"
    ]
    assert [trace.id for trace in read(run("export", "--scope", "local").stdout.splitlines()).traces] == ["shop-1"]


def test_wrong_use(home: Path) -> None:
    missing = run("import", "none.jsonl")
    assert isinstance(missing.exception, ConfigError)
    assert "cannot be read" in str(missing.exception)
    assert run("import").exit_code == 2
