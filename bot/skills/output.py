"""What a step's output is, given what its tool returned (FORMAT.md, Outputs)."""

import json

from bot.domain.json import JSON


def normalise(content: JSON) -> JSON:
    """Text that is a JSON object or array is parsed; an object with the one key `result` is unwrapped once.

    >>> normalise('{"result": "[1, 2]"}')
    [1, 2]
    >>> normalise("19122")
    '19122'
    """
    value = _parsed(content)
    return _parsed(value["result"]) if isinstance(value, dict) and value.keys() == {"result"} else value


def _parsed(content: JSON) -> JSON:
    if not isinstance(content, str) or content.lstrip()[:1] not in ("{", "["):
        return content
    try:
        value = json.loads(content)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # refuses NaN, 1e999, lone surrogates
    except (ValueError, RecursionError):
        return content
    return value
