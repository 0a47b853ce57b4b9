"""What words promise to change, held against what a procedure can change."""

import re
from collections.abc import Collection, Iterator, Sequence

_KINDS = """
change modify update edit alter adjust replace rename move set
create add make open book schedule register insert write save store upload
delete remove clear erase drop purge
cancel revoke void withdraw unsubscribe
send email mail post publish notify message forward share
pay refund charge transfer reimburse credit buy purchase
return exchange swap
restart deploy execute install rollback
approve reject close resolve merge assign
"""
"""Words of one line change the same kind of thing; a tool for one of them stands for all."""
_KIND = {word: number for number, line in enumerate(_KINDS.strip().splitlines()) for word in line.split()}
_THING = r"(?:the|a|an|it|its|their|them|his|her|all|each|every|this|that|these|those|your|any|one|new|another)\b"
_CLAUSE = re.compile(
    rf"(?:^|[,;.]|\b(?:and|or|then|to|will|can|also|by))\s+(?:\w+ly\s+)?(?P<verb>[a-z]+)\s+(?={_THING})", re.IGNORECASE
)
_GIVES_BACK = "return"
"""`returns the open orders` is no change: told of a reading procedure, it means that it gives them."""


def promised(sentences: Sequence[str], writes: Collection[str]) -> str:
    """A complaint about the first change that the sentences promise and no tool among `writes` can make; else ""."""
    able = {kind for tool in writes for kind in _of_name(tool)}
    if writes and not all(any(_of_name(tool)) for tool in writes):
        return ""  # a name that tells nothing may do anything
    for sentence in sentences:
        for match in _CLAUSE.finditer(f" {sentence}"):
            verb = _base(match["verb"].casefold())
            if verb in _KIND and verb != _GIVES_BACK and _KIND[verb] not in able:
                return f"The procedure does not {verb} anything: say only what its steps do."
    return ""


def _of_name(tool: str) -> Iterator[int]:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", tool.rsplit("__", 1)[-1])
    return (_KIND[word.casefold()] for word in words if word.casefold() in _KIND)


def _base(verb: str) -> str:
    """`cancels`, `cancelling` and `changing` as `cancel` and `change`; what is unknown stays as it is."""
    for ending in ("", "s", "es", "ing", "led", "ed", "d", "ling", "ting"):
        if verb.endswith(ending):
            stem = verb.removesuffix(ending)
            found = next((word for word in (stem, f"{stem}e") if word in _KIND), None)
            if found:
                return found
    return verb
