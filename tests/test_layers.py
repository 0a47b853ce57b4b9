"""The layers and the places of the SDKs, as pyproject.toml's import-linter contracts say them."""

import pkgutil
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
PACKAGES = ("bot", "adapters", "migrations")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Hold the packages of a tree against its contracts."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as lint; lint()",
        "--no-cache",
        "--no-logo",
    ]
    return subprocess.run(  # noqa: S603 (our interpreter)
        command, cwd=tree, env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the checkout's packages, to be spoilt."""
    for package in PACKAGES:
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_keeps_the_contracts() -> None:
    done = lint(CHECKOUT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "imports"),
    [
        ("bot.domain", "bot.store"),
        ("bot.store", "bot.skills"),
        ("bot.store", "bot.clients"),
        ("bot.engine", "bot.learning"),
        ("bot.learning", "adapters"),
        ("adapters", "bot.engine"),
        ("bot.skills", "bot.tools"),
        ("bot.app", "bot.demo"),
        ("bot.engine", "telegram"),
        ("bot.app", "slack_sdk"),
        ("bot.learning", "openai"),
        ("bot.app", "apscheduler"),
        ("bot.tools", "mcp"),
        ("bot.learning", "sqlalchemy"),
        ("bot.app", "alembic"),
    ],
)
def test_a_forbidden_import_is_found(copied: Path, module: str, imports: str) -> None:
    place = copied / module.replace(".", "/")
    place = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    place.write_text(f"{place.read_text()}\nimport {imports}\n")
    done = lint(copied)
    assert done.returncode == 1
    assert f"{module} -> {imports} " in done.stdout


def test_nothing_of_the_bot_stands_outside_the_layers() -> None:
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    named = {module.strip() for layer in layers for module in layer.split("|")}
    inside = {f"bot.{module.name}" for module in pkgutil.iter_modules([str(CHECKOUT / "bot")])}
    assert inside == named - {"adapters"}
