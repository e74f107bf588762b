"""A caller who is to be forgotten, and what of a stored batch of events is theirs. Pure.

A number field shows a number in clear or its last digits (`…0001`), with a hash beside it; channel
names and dial strings may show it too (docs/events.md). By the hash the person's calls are found,
and in the events of those calls whatever shows the number.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ingest_api.contract.published import (
    FieldValue,
    PublishedBatch,
    PublishedEvent,
    decode_batch,
    encode_batch,
)

HASHED_DIGITS = 8
HASH_CHARACTERS = 16
MARK = "…"

_COMPANIONS = {"CallerHash": ("CallerIDNum", "data2"), "CalleeHash": ("Callee",)}
"""The hash, and the number fields it may stand beside."""

_NUMBER_FIELDS = ("CallerIDNum", "Callee", "data2")
_CALL_IDS = ("niqueid", "inkedid", "callid")
"""How the names of fields end that hold the id of a call or of one of its channels."""

_NOT_A_DIGIT = re.compile(r"[^0-9]")
_MOST_EXTENSION_DIGITS = 4

CallId = tuple[str, str]
"""Site, and id of a channel there."""


@dataclass
class Person:
    """What is known of a person: the hashes, the last eight digits (empty if not told).

    `shown` are the texts by which events and rows show the number, `calls` the calls that were
    theirs; both grow while batches are `noted`.
    """

    hashes: set[str]
    digits: str = ""
    shown: set[str] = field(default_factory=set)
    calls: set[CallId] = field(default_factory=set)

    def needles(self) -> list[str]:
        """Texts of which one is in every stored batch that holds something of the person."""
        found = {*self.hashes, *self._texts(), *(call for _, call in self.calls)}
        return sorted(found | ({self.digits} if self.digits else set()))

    def is_number(self, text: str) -> bool:
        """Whether a number field in clear holds this person's number."""
        digits = _NOT_A_DIGIT.sub("", text)
        return bool(self.digits) and digits[-HASHED_DIGITS:] == self.digits

    def note(self, payload: bytes) -> None:
        """Learn from a stored batch. Raises ValueError if it is none."""
        batch = decode_batch(payload)
        for event in batch.events:
            if self._is_about(event):
                self.calls |= {(batch.site, value) for value in _call_ids(event)}
                self.shown |= {text for text in self._own_numbers(event) if text}

    def cleaned(self, payload: bytes) -> bytes | None:
        """The batch without the person; None if nothing of them is in it."""
        batch = decode_batch(payload)
        is_changed = False
        for event in batch.events:
            if self._is_about(event) or self._is_of_a_call(batch, event):
                fields = self._without(event)
                is_changed |= fields != event.fields
                event.fields = fields
        return encode_batch(batch) if is_changed else None

    def _is_about(self, event: PublishedEvent) -> bool:
        return any(self._own_numbers(event)) or any(
            value in self.hashes
            for name in _COMPANIONS
            for value in _values(event.fields.get(name, ""))
        )

    def _own_numbers(self, event: PublishedEvent) -> Iterator[str]:
        """Values of number fields with this person's hash beside them, or their number in clear."""
        for hash_field, names in _COMPANIONS.items():
            hashes = _values(event.fields.get(hash_field, ""))
            for name in names:
                for place, text in enumerate(_values(event.fields.get(name, ""))):
                    # A value that cannot be hashed leaves its place out of neither list.
                    beside = hashes[place] if place < len(hashes) else ""
                    if beside in self.hashes or self.is_number(text):
                        yield text

    def _is_of_a_call(self, batch: PublishedBatch, event: PublishedEvent) -> bool:
        return any((batch.site, value) in self.calls for value in _call_ids(event))

    def _without(self, event: PublishedEvent) -> dict[str, FieldValue]:
        own = {text for text in self._own_numbers(event) if text}
        left: dict[str, FieldValue] = {}
        for name, value in event.fields.items():
            if name in _COMPANIONS:
                hashes = ["" if text in self.hashes else text for text in _values(value)]
                if any(hashes):
                    left[name] = hashes if isinstance(value, list) else hashes[0]
            elif name in _NUMBER_FIELDS:
                left[name] = _each(value, lambda text: "" if text in own else self._masked(text))
            else:
                left[name] = _each(value, self._masked)
        return left

    def _masked(self, text: str) -> str:
        for shown in self._texts():
            text = text.replace(shown, MARK)
        return text

    def _texts(self) -> list[str]:
        """What shows the number within other texts, the longest first; extensions do not."""
        return sorted(
            (
                text
                for text in self.shown
                if text.startswith(MARK) or len(_NOT_A_DIGIT.sub("", text)) > _MOST_EXTENSION_DIGITS
            ),
            key=lambda text: (-len(text), text),
        )


def caller_hash(number: str, key: str) -> str:
    """The hash of a number under a customer's key, as collectors make it; empty without digits."""
    digits = last_digits(number)
    if not digits:
        return ""
    mac = hmac.new(key.encode(), digits.encode("ascii"), hashlib.sha256)
    return mac.hexdigest()[:HASH_CHARACTERS]


def last_digits(number: str) -> str:
    """The digits that are hashed: the last eight."""
    return _NOT_A_DIGIT.sub("", number)[-HASHED_DIGITS:]


def _call_ids(event: PublishedEvent) -> Iterable[str]:
    return {
        text
        for name, value in event.fields.items()
        if name.endswith(_CALL_IDS)
        for text in _values(value)
        if text
    }


def _values(value: FieldValue) -> list[str]:
    return [value] if isinstance(value, str) else value


def _each(value: FieldValue, change: Callable[[str], str]) -> FieldValue:
    return change(value) if isinstance(value, str) else [change(text) for text in value]
