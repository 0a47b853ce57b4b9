"""Names and words by the model, checked against the procedure; without a model the miner's own words stand."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog
from pydantic import BaseModel, Field, ValidationError

from bot.domain.json import JSON
from bot.domain.skill import Procedure, Skill, Trigger
from bot.errors import ModelError
from bot.ports import ModelClient, ModelRequest

log = structlog.get_logger()
ANSWER_TOKENS = 700
"""Most tokens of an answer."""
_ASK = """Name and describe this procedure for a person who decides whether a bot may run it, and for a model that \
decides when to use it. Say what it does for the person, not how. Mention no value that is not in it. \
Answer with JSON: name (lower-case words joined by -), description (one sentence), condition (one sentence that begins \
"The person"), keywords (3 to 8 single words that requests for it hold), parameters (a description for each)."""
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VALUE = re.compile(r"\S*\d\S*|\"[^\"]+\"|“[^”]+”")


class _Parameter(BaseModel):
    name: str
    description: str = Field(min_length=1, max_length=200)


class _Words(BaseModel):
    name: str = Field(max_length=50)
    description: str = Field(min_length=10, max_length=300)
    condition: str = Field(min_length=10, max_length=300)
    keywords: list[str] = Field(min_length=1, max_length=8)
    parameters: list[_Parameter]


@dataclass(frozen=True, slots=True)
class Draft:
    """A skill with its words, and the tokens they cost."""

    skill: Skill
    tokens: int = 0


async def draft(model: ModelClient, skill: Skill, budget: int) -> Draft:
    """The skill in the model's words, within `budget` tokens; as it was if two tries fail."""
    procedure = skill.procedure
    if procedure is None:
        return Draft(skill)
    messages: list[JSON] = [{"role": "user", "content": f"{_ASK}\n\n{_shown(procedure)}"}]
    spent = 0
    for _ in range(2):
        if spent + _estimate(messages) > budget:
            break
        request = ModelRequest(messages, schema=_Words.model_json_schema(), max_tokens=ANSWER_TOKENS)
        try:
            reply = await model.complete(request)
        except ModelError as error:
            log.warning("draft.failed", skill=skill.name, error=str(error))
            break
        spent += reply.tokens_in + reply.tokens_out
        words, complaint = _checked(reply.text, procedure)
        if words is not None:
            return Draft(_worded(skill, procedure, words), spent)
        messages += [{"role": "assistant", "content": reply.text}, {"role": "user", "content": complaint}]
    return Draft(skill, spent)


def _shown(procedure: Procedure) -> str:
    """The procedure alone: nothing of the conversations it was found in."""
    steps = [
        {"id": step.id, "tool": step.tool, "with": dict(step.arguments), "for_each": step.for_each}
        for step in procedure.steps
    ]
    return json.dumps({"parameters": dict(procedure.parameters), "steps": steps}, ensure_ascii=False)


def _estimate(messages: list[JSON]) -> int:
    return sum(len(message["content"].encode()) for message in messages) // 3 + ANSWER_TOKENS


def _checked(text: str, procedure: Procedure) -> tuple[_Words | None, str]:
    """The words, or what is wrong with them."""
    try:
        words = _Words.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        return None, f"That is not the JSON that was asked for: {first['msg']} at {first['loc']}. Send it again."
    if not _NAME.fullmatch(words.name):
        return None, "The name must be lower-case words joined by single hyphens. Send all of it again."
    if {parameter.name for parameter in words.parameters} != set(procedure.parameters):
        return None, f"Describe just these parameters: {', '.join(procedure.parameters)}. Send all of it again."
    foreign = _foreign(words, _shown(procedure))
    if foreign:
        return None, f"The procedure does not contain {foreign}: leave it out. Send all of it again."
    return words, ""


def _foreign(words: _Words, shown: str) -> str:
    """The first value in the words (something quoted, something with a digit) that the procedure does not contain."""
    said = " ".join([words.description, words.condition, *words.keywords, *(p.description for p in words.parameters)])
    values = (match.strip('.,;:()"“”') for match in _VALUE.findall(said))
    return next((value for value in values if value not in shown), "")


def _worded(skill: Skill, procedure: Procedure, words: _Words) -> Skill:
    described = {parameter.name: parameter.description for parameter in words.parameters}
    parameters: Mapping[str, JSON] = {
        name: {**schema, "description": described[name]} for name, schema in procedure.parameters.items()
    }
    trigger = Trigger(tuple(words.keywords), words.condition, procedure.trigger.examples)
    worded = replace(procedure, parameters=parameters, trigger=trigger)
    return replace(skill, name=words.name, description=words.description, procedure=worded)
