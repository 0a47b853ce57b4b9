"""Words for mined skills by the configured model, within its budget of tokens."""

from collections.abc import Sequence

from bot.cli import models
from bot.domain.skill import Skill
from bot.learning.draft import draft
from bot.settings import Settings


async def worded(settings: Settings, skills: Sequence[Skill]) -> list[Skill]:
    """The skills in the model's words; as they are where there is no model, no budget, or no fitting answer."""
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return list(skills)
    left, found = settings.learn_tokens, []
    async with models.learning(settings) as model:
        for skill in skills:
            drafted = await draft(model, skill, left)
            left -= drafted.tokens
            found.append(drafted.skill)
    return found
