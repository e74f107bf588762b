"""JSON as platforms send it: what is broken in it is hardly ever what is needed of it."""

import json
import math
from typing import Any

import msgspec


def parsed(body: bytes | bytearray) -> Any:
    """The JSON in these bytes, though values in it may be broken.

    Half a character (where a platform cut a text off), bytes that are no UTF-8 and numbers beyond
    all bounds come out as what no door lets pass; control characters are text. Raises ValueError if
    it is no JSON otherwise, RecursionError if it is nested about 1,000 deep (docs/chat.md).
    """
    try:
        return msgspec.json.decode(body)
    except ValueError:
        return _patient.decode(body.decode("utf-8-sig", errors="surrogateescape"))


def _whole_number(digits: str) -> float:
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


_MOST_DIGITS = 300
"""Of a whole number; Python itself reads none of thousands, and no door lets one of twenty pass."""

_patient = json.JSONDecoder(strict=False, parse_int=_whole_number)
