"""What the release ships is what the release approves."""

from pathlib import Path

from bot.domain.skill import SkillRef
from bot.skills import folder, format
from bot.skills.shipped import SHIPPED

SKILLS = Path(__file__).parents[2] / "skills"


def test_the_shipped_digests_are_those_of_the_folders() -> None:
    folders = folder.folders(SKILLS)
    assert {SkillRef(path.name, folder.digest(folder.read(path))) for path in folders} == SHIPPED
    for path in folders:
        format.parse(path.name, folder.read(path))
