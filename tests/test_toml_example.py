"""The apprentice.toml that `init` writes: every table is in it, and what it shows is right."""

import re
import tomllib

from bot.apprentice_toml import Tables
from bot.cli.init import STARTING

EXAMPLE = (STARTING / "apprentice.toml").read_text("utf-8")
SHOWN = re.sub(r'^#(?=[\["a-z_]+)', "", EXAMPLE, flags=re.MULTILINE)


def test_as_it_is_written_it_changes_nothing() -> None:
    assert Tables.model_validate(tomllib.loads(EXAMPLE)) == Tables()


def test_what_stands_behind_a_hash_is_right_and_of_every_table() -> None:
    shown = tomllib.loads(SHOWN)
    assert shown.keys() == Tables.model_fields.keys()
    Tables.model_validate(shown)
