"""Words for mined skills by the configured model, within its budget of tokens."""

from collections.abc import Collection, Sequence

from bot.cli import models
from bot.domain.privacy import Privacy
from bot.domain.skill import Skill
from bot.learning.drafting import Author, Budget, draft
from bot.settings import Settings


async def worded(settings: Settings, skills: Sequence[tuple[Skill, Collection[str]]]) -> list[Skill]:
    """The skills in the model's words; as they are where there is no model, no budget, or no fitting answer.

    With each skill come those of its tools that may change something.
    """
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return [skill for skill, _ in skills]
    async with models.learning(settings) as model:
        author = Author(model, Budget(settings.learn_tokens), Privacy(settings.secrets))
        return [(await draft(author, skill, writes)).skill for skill, writes in skills]
