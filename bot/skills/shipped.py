"""The skills that the release ships: live without a person's click (a test holds the digests to the folders)."""

from bot.domain.skill import SkillRef

SHIPPED: frozenset[SkillRef] = frozenset()
