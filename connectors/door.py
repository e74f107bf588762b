"""What of a posted event passes into Kafka: a list of paths, so that nothing passes unseen.

Texts, names of customers and whatever a platform adds some day stay out because nobody listed them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ingest_api.contract.chat import MAX_EVENT_NAME_CHARACTERS, MAX_VALUE_CHARACTERS, ChatValue


class NotAnEventError(Exception):
    """What was posted is no event of the platform; the text says what is missing, not what is."""


class Passed(NamedTuple):
    """What is kept of an event. `number` is the customer's, in clear, for masking; "" if none."""

    name: str
    fields: dict[str, ChatValue]
    number: str = ""


class Door(NamedTuple):
    """A platform at the door.

    `known_names` are the events it may send; others are kept and counted as unknown. `passes` takes
    a parsed JSON object and raises NotAnEventError.
    """

    known_names: frozenset[str]
    passes: Callable[[Mapping[str, Any]], Passed]


def event_name(value: object, what: str) -> str:
    """The platform's word for the event. Raises NotAnEventError if it is none."""
    if (
        isinstance(value, str)
        and 0 < len(value) <= MAX_EVENT_NAME_CHARACTERS
        and _can_be_written(value)
    ):
        return value
    raise NotAnEventError(f"{what} must be a text of 1 to {MAX_EVENT_NAME_CHARACTERS}")


def selected(body: Mapping[str, Any], paths: Sequence[str]) -> dict[str, ChatValue]:
    """The values at these dotted paths, as far as there are any and they are plain.

    A null is kept, also one on the way to the value: it tells that there is nothing. Lists, objects
    and texts that are too long, or that no JSON text can hold, are not what is needed and stay out.
    """
    fields: dict[str, ChatValue] = {}
    for path in paths:
        value: Any = body
        for part in path.split("."):
            if not isinstance(value, Mapping):
                break
            value = value.get(part, _ABSENT)
        if value is None or isinstance(value, bool):
            fields[path] = value
        elif isinstance(value, str):
            if len(value) <= MAX_VALUE_CHARACTERS and _can_be_written(value):
                fields[path] = value
        elif isinstance(value, int | float) and abs(value) < _HIGHEST_NUMBER:
            fields[path] = value
    return fields


def _can_be_written(text: str) -> bool:
    return _LONE_SURROGATE.search(text) is None


_ABSENT = object()
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character, as a platform leaves it where it cuts a text off; or a byte that is none."""

_HIGHEST_NUMBER = 2**53
