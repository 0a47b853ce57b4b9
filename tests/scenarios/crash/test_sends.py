"""What is sent to a chat is sent between two crash points: a send that is added without them is found here."""

import ast
from pathlib import Path
from typing import TypeGuard

BOT = Path(__file__).parents[3] / "bot"
OUTBOX = BOT / "engine" / "outbox.py"


def test_messages_are_posted_and_edited_in_the_outbox_alone() -> None:
    elsewhere = {
        f"{path}:{node.lineno}"
        for path in BOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if _sends(node) and path != OUTBOX
    }
    assert elsewhere == set()


def test_each_send_stands_between_its_crash_points() -> None:
    functions = [node for node in ast.walk(ast.parse(OUTBOX.read_text())) if isinstance(node, ast.AsyncFunctionDef)]
    orders = [order for function in functions if "send" in (order := _order(function))]
    assert orders == [["before:send", "send", "after:send"]] * 2, "once for posts and once for edits"


def _order(function: ast.AsyncFunctionDef) -> list[str]:
    """The crash points and sends of a function, in the order of its lines."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(function):
        if _sends(node):
            found.append((node.lineno, "send"))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "self._probe":
            found.append((node.lineno, ast.literal_eval(node.args[0])))
    return [name for _, name in sorted(found)]


def _sends(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr in ("send", "edit")
