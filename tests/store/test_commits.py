"""Every commit has a name of its own, so that every one is a crash point."""

import ast
from collections import Counter
from pathlib import Path

from bot.store.commits import Commit

BOT = Path(__file__).parents[2] / "bot"


def test_each_write_names_its_commit_and_no_two_share_one() -> None:
    named: Counter[str] = Counter()
    for path in BOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write":
                reason = node.args[0] if node.args else None
                if isinstance(reason, ast.Attribute) and ast.unparse(reason.value) == "Commit":
                    named[reason.attr] += 1
                else:
                    assert "store" not in ast.unparse(node.func), f"{path}:{node.lineno} writes without a name"
    assert named == Counter(member.name for member in Commit)
