"""The tables have what the code says, and what the code says to people it says by the tables."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest

import bot.words
from bot.words import LANGUAGES

ROOT = Path(bot.words.__file__).parents[2]
SAID = {"say": 1, "Sentence": 0}
"""Functions, and the place of the English among their arguments."""
_HEARD = """
ApprenticeError Refused LimitReached Undeliverable ModelUnavailable ModelRefused RequestNotTaken ContextTooLong
"""
HEARD = frozenset(_HEARD.split())
"""Errors whose sentences a chat hears, where they are raised in the packages whose errors come so far."""
FAR = ("bot/engine", "bot/learning", "bot/skills", "bot/clients", "adapters/slack/files", "adapters/telegram/files")
NEVER = ("bot/clients/embedding.py", "bot/learning/prompting/comparing.py")
"""Files there whose errors end in the log."""
COMPLETE = ("de",)
WORDS = "bot/words/__init__.py"


@dataclass(frozen=True)
class Module:
    """A file of the code, with what its names stand for."""

    path: str
    tree: ast.Module

    def values(self, name: ast.Name) -> list[ast.AST]:
        """What a name is given: in the innermost function around it that gives it anything, else in the module."""
        functions = (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
        around = [node for node in functions if node.lineno <= name.lineno <= (node.end_lineno or 0)]
        for nodes in (*(ast.walk(node) for node in reversed(around)), self.tree.body):
            assigned = [node for node in nodes if isinstance(node, ast.Assign)]
            pairs = [(target, node.value) for node in assigned for target in node.targets]
            if values := [value for pair in pairs for value in _given(*pair, name.id)]:
                return values
        imported = (node for module in MODULES if module is not self for node in module.tree.body if name.id.isupper())
        return [node.value for node in imported if isinstance(node, ast.Assign) and _names(node) == [name.id]]

    def returned(self, name: str) -> list[ast.AST]:
        """What the functions of this name return."""
        functions = (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef) and node.name == name)
        returns = (node for function in functions for node in ast.walk(function) if isinstance(node, ast.Return))
        return [node.value for node in returns if node.value is not None]


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _given(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.AST]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts, strict=True):
            yield from _given(one, other, name)


MODULES = [
    Module(str(path.relative_to(ROOT)), ast.parse(path.read_text()))
    for package in ("bot", "adapters")
    for path in sorted((ROOT / package).rglob("*.py"))
    if path.name != "errors.py"
]


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """The calls by a plain name."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node


def english(module: Module) -> Iterator[ast.expr]:
    """What is said in a file, in English."""
    for name, call in calls(module):
        if name in SAID:
            yield call.args[SAID[name]]
        elif name in HEARD and module.path.startswith(FAR) and module.path not in NEVER:
            yield call.args[0]


CHAT = [module for module in MODULES if not module.path.startswith(("bot/cli", "bot/demo"))]

SENTENCES = {said.value for module in MODULES for said in english(module) if isinstance(said, ast.Constant)}


def words_of(template: str) -> str:
    """A template without its places."""
    return " ".join(text for text, *_ in Formatter().parse(template))


def sample(template: str) -> dict[str, object]:
    """Values for the places of a template, of the kinds that they are formatted as."""
    places = [(name, spec or "") for _, name, spec, _ in Formatter().parse(template) if name is not None]
    return {
        name: datetime(2026, 1, 2, tzinfo=UTC) if "%" in spec else 1.5 if spec.endswith(("f", "g")) else "x"
        for name, spec in places
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.path)
def test_what_is_said_stands_where_it_is_said(module: Module) -> None:
    made = [said.lineno for said in english(module) if not _literal(module, said)]
    assert not made or module.path == WORDS, "an English sentence must be a literal, its values placeholders"


def _literal(module: Module, said: ast.expr) -> bool:
    """Whether it is a literal, or one that was made a Sentence elsewhere."""
    if isinstance(said, ast.Name):
        return module.values(said) != [] and list(told(module, said, spoken=True)) == []
    return isinstance(said, ast.Constant) or ast.unparse(said).endswith(".template")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_has_nothing_that_is_not_said(language: str) -> None:
    assert set(LANGUAGES[language]) - SENTENCES == set()


@pytest.mark.parametrize("language", COMPLETE)
def test_a_complete_table_has_all_that_is_said(language: str) -> None:
    needed = {said for said in SENTENCES if re.search(r"[a-z]", words_of(said))}
    assert needed - set(LANGUAGES[language]) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_same_places(language: str) -> None:
    for said, translated in LANGUAGES[language].items():
        values = sample(said)
        assert set(sample(translated)) == set(values), said
        assert translated.format(**values) if values else translated


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_stands_in_two_sections(language: str) -> None:
    table = Path(bot.words.__file__).with_name(f"{language}.toml")
    sections = tomllib.loads(table.read_text()).values()
    assert sum(map(len, sections)) == len(LANGUAGES[language])


def told(module: Module, node: ast.AST, spoken: bool = False, seen: frozenset[ast.AST] = frozenset()) -> Iterator[str]:
    """The words that a text can hold without being said in a language, as far as its file tells.

    Literals are such, and sentences unless something around them is `spoken`.
    """
    place = f"{module.path}:{getattr(node, 'lineno', 0)}"
    match node:
        case ast.Constant(value=str(text)):
            if re.search(r"[A-Z][a-z]|[a-z] ", text):  # a word alone in lower case is a name in the code
                yield f"{place}: {text!r}"
            return
        case ast.Call(func=ast.Name(id="Sentence")) if not spoken:
            yield f"{place}: {ast.unparse(node)}"
        case ast.Call(func=ast.Name(id="say") | ast.Attribute(attr="told")):
            spoken = True
    if node not in seen:
        for part in _parts(module, node):
            yield from told(module, part, spoken, seen | {node})


def _parts(module: Module, node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.Call():
            return _of_call(module, node)
        case ast.Name():
            return module.values(node)
        case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt):
            return [elt]
        case ast.IfExp(body=body, orelse=orelse):
            return [body, orelse]
        case ast.Subscript(value=value) | ast.FormattedValue(value=value):
            return [value]
    return list(ast.iter_child_nodes(node))


def _of_call(module: Module, call: ast.Call) -> list[ast.AST]:
    match call.func:
        case ast.Name(id=name) if name in SAID:
            return [keyword.value for keyword in call.keywords]
        case ast.Name(id=name):
            return module.returned(name) or list(call.args)
        case ast.Attribute(value=value, attr=method):
            return [value, *(call.args if method != "told" else ())]
    return []


def texts(module: Module) -> Iterator[ast.AST]:
    """What people read: the texts of messages and of buttons, the answers to clicks and commands."""
    for name, call in calls(module):
        if name == "Outgoing":
            yield call.args[1]
        elif name == "Button":
            yield call.args[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "adapter.answer":
            yield node.args[1]
        if isinstance(node, ast.AsyncFunctionDef) and _decides(node):
            returns = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return))
            yield from (value.elts[0] for value in returns if isinstance(value, ast.Tuple))


def _decides(node: ast.AsyncFunctionDef) -> bool:
    return node.returns is not None and ast.unparse(node.returns) in ("tuple[str, Effect]", "Answer")


@pytest.mark.parametrize("module", CHAT, ids=lambda module: module.path)
def test_what_people_read_is_said_by_the_tables(module: Module) -> None:
    assert [words for text in texts(module) for words in told(module, text)] == []
