"""The file .env.example: every setting is in it, with its default."""

import os
import re
from pathlib import Path

import pytest

from bot.settings import Settings, load

EXAMPLE = (Path(__file__).parent.parent / ".env.example").read_text()


def variables(text: str) -> list[str]:
    return re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(variables(EXAMPLE)) & set(os.environ):
        monkeypatch.delenv(name)


def test_every_setting_is_there_once_and_nothing_else() -> None:
    settings = [field.validation_alias or f"APPRENTICE_{name.upper()}" for name, field in Settings.model_fields.items()]
    assert sorted(variables(EXAMPLE)) == sorted(map(str, settings))


def test_what_stands_behind_a_hash_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    default = load()
    (tmp_path / ".env").write_text(re.sub(r"^#([A-Z_]+=)", r"\1", EXAMPLE, flags=re.MULTILINE))
    assert load() == default


def test_every_variable_has_a_word_of_comment() -> None:
    assert re.findall(r"\n\n#[A-Z_]+=", EXAMPLE) == []
