"""What the model's words must not be: each check gives the first complaint, a sentence for their author, or ""."""

import re
from collections.abc import Iterable, Sequence

from bot.domain.privacy import Privacy
from bot.domain.skill import Procedure
from bot.skills.expressions import texts

LONGEST_NAME = 50
"""Characters of a name: a number may still come behind it (FORMAT.md: at most 58)."""
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_KEYWORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_IDENTIFIER = re.compile(r"\b\w+(?:_\w+)+\b|\b[a-z]+(?:[A-Z][a-z0-9]+)+\b")
_VALUE = re.compile(r"`[^`]+`|\"[^\"]+\"|“[^”]+”|\$\{[^}]*\}?|[\w#@$€£./:-]*\d[\w#@./:-]*|\w+://\S+")
_SENTENCE = re.compile(r"[^\x00-\x1f<>{}]+")
_CONDITION = re.compile(
    r"The person (?:asks|wants|needs|gives|names|mentions|requests|reports|sends|says|has|is)\b.+\."
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_SAYS_LITTLE = """the person asks wants needs gives names mentions requests reports sends says has for help with this
that about and something anything procedure skill tool task request information data details use run bot"""


def form(name: str, sentences: Sequence[str], keywords: Iterable[str]) -> str:
    """Names as folders may have them, sentences without markup, keywords of one word each."""
    if not _NAME.fullmatch(name):
        return "The name must be lower-case words joined by single hyphens."
    if text := next((text for text in sentences if not _SENTENCE.fullmatch(text)), None):
        return f"Write plain sentences in one line, without markup: {text!r} is none."
    if keyword := next((keyword for keyword in keywords if not _KEYWORD.fullmatch(keyword)), None):
        return f"Each keyword is one word: {keyword!r} is none."
    return ""


def private(told: Sequence[str], privacy: Privacy) -> str:
    """No secret and no personal value."""
    found = privacy.trouble("\n".join(told))
    return f"The words hold {found}: leave it out." if found else ""


def gives_away(procedure: Procedure, privacy: Privacy) -> str | None:
    """The first secret or personal value among the fixed texts of a procedure, or None."""
    fixed = (text for step in procedure.steps for _, text in texts([step.arguments, step.prompt], ()))
    return next(filter(None, map(privacy.trouble, fixed)), None)


def foreign(told: Sequence[str], shown: str) -> str:
    """Nothing quoted, no number, no address and no identifier that what they are about does not contain."""
    known = {word.casefold() for word in re.findall(r"\w+", shown)}
    for text in told:
        for found in [*_VALUE.findall(text), *_IDENTIFIER.findall(text)]:
            value = found.strip('.,;:()`"“”')
            if value and value.casefold() not in known and not (len(value) > 3 and value in shown):
                return f"The procedure does not contain {value}: leave it out."
    return ""


def trigger(condition: str, subjects: str) -> str:
    """A sentence that tells when: of a person, and of what it is about."""
    if not _CONDITION.fullmatch(condition):
        return (
            'The condition is one sentence that begins "The person asks" or "The person wants" and ends in a full stop.'
        )
    about = _stems(condition) - _stems(_SAYS_LITTLE)
    if not about & _stems(re.sub(r"[\W_]+", " ", subjects)):
        return "The condition does not tell when: say what the person asks for, in the words of the keywords."
    return ""


def _stems(text: str) -> set[str]:
    """Words without their endings, for a comparison: `orders` and `ordered` are `order`."""
    return {re.sub(r"(?:ies|es|s|ing|ed|y|e)$", "", word.casefold()) for word in _WORD.findall(text)}
