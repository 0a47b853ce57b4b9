"""The skills that the release ships: live without a person's click (a test holds the digests to the folders)."""

from bot.domain.skill import SkillRef

SHIPPED = frozenset({SkillRef("read-folder", "12ec87f8c8b39332733c871f0d1447e3aa24f3e7dd31e07715622e0b7ef5d67f")})
