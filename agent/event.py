"""What leaves the building: one event of the wire form, before it has a sequence."""

from typing import Dict, List, NamedTuple, Union

FieldValue = Union[str, List[str]]
Fields = Dict[str, FieldValue]


class Event(NamedTuple):
    """One event as in docs/events.md: selected, redacted, untranslated.

    `at_ms` is milliseconds since the Unix epoch, UTC: Asterisk's own time where it was sent, else
    the time of receipt. A repeated header is the list of its values in order.
    """

    at_ms: int
    kind: str
    name: str
    fields: Fields
