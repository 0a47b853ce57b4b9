"""Valid folders are passed over in silence; of the others every problem is printed with its place."""

from pathlib import Path

import pytest

from bot.cli.validate import validate
from bot.skills import folder
from tests.skills.made import ORDERS, skill_files


def test_valid_folders_are_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(tmp_path / "customer-orders", skill_files())
    monkeypatch.chdir(tmp_path / "customer-orders")
    assert validate([tmp_path / "customer-orders", Path()]) == 0
    assert capsys.readouterr() == ("", "")


def test_every_problem_of_every_folder_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = ORDERS.replace("format: 1", "format: 2").replace("${steps.orders}", "${steps.later}")
    folder.write(tmp_path / "customer-orders", skill_files(broken))
    folder.write(tmp_path / "linked", skill_files())
    (tmp_path / "linked" / "link").symlink_to("/etc")
    assert validate([tmp_path / "customer-orders", tmp_path / "linked", tmp_path / "nowhere"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}/customer-orders/procedure.yaml:1: format: expected at most 1, found 2",
        f"{tmp_path}/customer-orders/procedure.yaml:23: steps.summary.prompt: "
        "${steps.later} names no step that comes before: expected one of `user`, `orders`",
        f"{tmp_path}/linked/link:1: links and special files are refused: expected a file",
        f"{tmp_path}/nowhere: the folder cannot be read: No such file or directory",
    ]
