"""The order of a batch: sequences rise by one, and a `gap` event names what is missing."""

from collections.abc import Sequence

from ingest_api.contract.limits import MAX_SEQUENCE
from ingest_api.contract.published import FieldValue, PublishedEvent

GAP_KIND, GAP_NAME = "collector", "gap"

_MAX_DIGITS = 11


class BatchFormError(ValueError):
    """The form of a batch is wrong; read by the API, which refuses the batch (422).

    `field` is the path of the offending field, as `events[3].sequence`; `problem` says what is
    wrong. Neither repeats a value of the batch.
    """

    def __init__(self, field: str, problem: str) -> None:
        """Both parts are for people and for the collector's log."""
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def is_gap(event: PublishedEvent) -> bool:
    """Whether an event stands for others that the spool had to drop."""
    return event.kind == GAP_KIND and event.name == GAP_NAME


def check_sequences(events: Sequence[PublishedEvent]) -> None:
    """Raises BatchFormError unless each event follows the one before it.

    A `gap` event follows if the range it names begins at or before the sequence that is due, and
    ends with its own. A refused event has its sequence like any other.
    """
    last = None
    for index, event in enumerate(events):
        first = event.sequence
        if is_gap(event) and not event.refused:
            first = _gap_start(index, event)
        if last is not None:
            if event.sequence <= last:
                raise BatchFormError(f"events[{index}].sequence", "must be above the one before")
            if first > last + 1:
                raise BatchFormError(
                    f"events[{index}].sequence", "skips sequences that no gap event names"
                )
        last = event.sequence


def _gap_start(index: int, gap: PublishedEvent) -> int:
    path = f"events[{index}].fields"
    first = _sequence_in(gap.fields.get("from"), f"{path}.from")
    if _sequence_in(gap.fields.get("to"), f"{path}.to") != gap.sequence:
        raise BatchFormError(f"{path}.to", "must be the sequence of the gap event itself")
    if first > gap.sequence:
        raise BatchFormError(f"{path}.from", "must not be above `to`")
    return first


def _sequence_in(value: FieldValue | None, field: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        number = int(value) if len(value) <= _MAX_DIGITS else 0
        if 1 <= number <= MAX_SEQUENCE:
            return number
    raise BatchFormError(field, "must be a sequence, in digits")
