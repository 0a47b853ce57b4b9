"""What people said before there were standing permissions still holds."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import migrations
from bot.domain.chat import Person
from bot.domain.skill import SkillRef
from bot.store import permissions
from bot.store.permissions import Permission


def test_the_newest_always_of_each_skill_becomes_a_permission(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with sa.create_engine(f"sqlite:///{tmp_path / 'old.db'}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        said = [
            ("a", "keep-note", "d1", "always", 1.0),
            ("b", "keep-note", "d2", "always", 3.0),
            ("c", "keep-note", "d3", "once", 4.0),
            ("d", "send-it", "d4", "no", 5.0),
        ]
        for turn, (id, name, digest, state, at) in enumerate(said, 1):
            connection.execute(
                sa.text(
                    "INSERT INTO confirmations "
                    "(id, turn, place, name, digest, scope, person, created, state, decided_by, decided_name,"
                    " decided_at)"
                    " VALUES (:id, :turn, 'p', :name, :digest, 's', 'x:1', 0, :state, 'x:2', 'Mia', :at)"
                ),
                {"id": id, "turn": turn, "name": name, "digest": digest, "state": state, "at": at},
            )
        command.upgrade(config, "head")
        kept = permissions.given(connection, "s")
        assert kept == [Permission("s", SkillRef("skill_keep_note", "d2"), Person("x:2", "Mia"))]
