"""What the bot says, in the language of who reads it.

English stands in the code, where it is said. A table beside this file (`de.toml`) says it in the language of its name;
without a table, or where one lacks a sentence, it stays English. The table of a language has sections for its readers
only. Numbers: code says one sentence for one thing and another for `{count}` things; a language with more forms words
the second so that it holds for each (`Hours: {count}`).
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Self

LONGEST_TAG = 35
"""Characters of an IETF tag (RFC 5646, section 4.4.1); platforms pass on what clients say."""


class Sentence(str):
    """English with its values put in. It keeps them apart, so that it can be said in any language.

    `values` fill the template's places as `str.format` does; without any, the template is the sentence as it stands.
    Those that are sentences themselves are said in the same language.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Self:
        sentence = super().__new__(cls, template.format(**values) if values else template)
        sentence.template, sentence.values = template, values
        return sentence

    def kept(self) -> dict[str, object]:
        """The sentence as JSON, for `Sentence.of`; of its values numbers stay such, others become text."""
        values = {name: value if isinstance(value, int | float) else str(value) for name, value in self.values.items()}
        return {"english": self.template, "values": values}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The sentence that was kept so."""
        return cls(kept["english"], **kept["values"])

    def told(self, language: str) -> str:
        """The sentence in a language, named by an IETF tag."""
        template = _table(language).get(self.template)
        if template is None:
            return str(self)
        values = {
            name: value.told(language) if isinstance(value, Sentence) else value for name, value in self.values.items()
        }
        return template.format(**values) if values else template


def say(language: str, english: str, /, **values: object) -> str:
    """An English sentence in a language, with its values: `say("de-AT", "Stopped.")`."""
    return Sentence(english, **values).told(language)


def decimal(number: float) -> Sentence:
    """A number with one decimal, behind the mark that a language has there."""
    whole, tenth = f"{number:.1f}".split(".")
    return Sentence("{whole}.{tenth}", whole=whole, tenth=tenth)


def money(amount: float, currency: str) -> Sentence:
    """An amount with two decimals; a small one with four."""
    whole, part = f"{amount:.{2 if amount >= 1 else 4}f}".split(".")
    return Sentence("{whole}.{part} {currency}", whole=whole, part=part, currency=currency)


def _tables() -> Iterator[tuple[str, Mapping[str, str]]]:
    for file in files(__name__).iterdir():
        name, _, kind = file.name.rpartition(".")
        if kind == "toml":
            sections = tomllib.loads(file.read_text(encoding="utf-8")).values()
            yield name, {english: said for section in sections for english, said in section.items()}


LANGUAGES: Mapping[str, Mapping[str, str]] = dict(_tables())
"""The tables by their language's tag, in lower case: English sentences and what they are there."""


def _table(language: str) -> Mapping[str, str]:
    """The table of a tag, or of what the tag begins with: `de-AT` finds `de` (the look-up of RFC 4647)."""
    tag = language[:LONGEST_TAG].lower().replace("_", "-")
    while tag and tag not in LANGUAGES:
        tag = tag.rpartition("-")[0]
    return LANGUAGES.get(tag, {})
