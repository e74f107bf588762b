"""How numbers of people are masked before an event leaves the building.

Three modes: `last4` shows a number as `…0001`, `full` in clear, `none` not at all. Beside a shown
number goes its hash, so that calls of one person can be linked within one tenant without the
number: the first 64 bits of HMAC-SHA256(key of the tenant, last eight digits), in hex. The last
eight digits are the subscriber's number in Brazil with and without country, area and carrier
prefix. In mode `none` there is no hash either.

What is covered: number fields whole; numbers of seven digits or more within channel names,
extensions, dial strings and free text. What is not: queues, and the interface and name of an agent,
which are the tenant's own and by which agents are told apart; Uniqueid, Linkedid and times.
"""

import hashlib
import hmac
import re
from typing import Callable, Dict, List, Mapping, Match, Optional

from agent.event import Fields, FieldValue

MODES = ("last4", "full", "none")
MARK = "…"

_SHOWN_DIGITS = 4
_HASHED_DIGITS = 8
_HASH_HEX_CHARACTERS = 16
_NO_NUMBER = frozenset(("", "<unknown>", "unknown", "anonymous", "Anonymous", "Restricted"))
_SHORT_NUMBER = re.compile(r"[0-9]{1,4}\Z")
_NOT_A_DIGIT = re.compile(r"[^0-9]")
_EMBEDDED = re.compile(r"\+?[0-9](?:[0-9]|[ .()-](?=[0-9])){5,}[0-9]")
_LONG_RUN = re.compile(r"[0-9]{7,}")
_UNIQUEID = re.compile(r"(?:[A-Za-z0-9_-]+-)?[0-9]{9,11}\.[0-9]+\Z")
_CHANNEL = re.compile(r"(.*)(-[0-9A-Fa-f]{1,8}(?:;[12])?)\Z", re.DOTALL)
_TEXT_FIELDS = frozenset(
    ("Exten", "Extension", "Context", "DialString", "Value", "PausedReason", "Reason")
)

Mask = Callable[[str], str]


class Redaction(object):
    """Masks the fields of events by one mode and one tenant's key."""

    def __init__(self, mode: str, key: bytes) -> None:
        """`mode` is one of `MODES`; `key` is the tenant's. Raises ValueError on another mode."""
        if mode not in MODES:
            raise ValueError("mode must be one of " + ", ".join(MODES))
        self._mode = mode
        self._key = key
        self._masks: Dict[str, Optional[Mask]] = {}

    def number(self, text: str) -> str:
        """A number field as it may be shown: in clear, its last four digits, or empty.

        Numbers of up to four digits are extensions and are shown. Text that is no number keeps
        nothing but its last digits, since a SIP user part may be a person's name.
        """
        if self._mode == "full" or text in _NO_NUMBER:
            return text
        if self._mode == "none":
            return ""
        if _SHORT_NUMBER.match(text):
            return text
        return MARK + _NOT_A_DIGIT.sub("", text)[-_SHOWN_DIGITS:]

    def hash(self, number: str) -> str:
        """The hash that links the calls of one number; empty without digits or in mode `none`."""
        digits = _NOT_A_DIGIT.sub("", number)[-_HASHED_DIGITS:]
        if not digits or self._mode == "none":
            return ""
        mac = hmac.new(self._key, digits.encode("ascii"), hashlib.sha256)
        return mac.hexdigest()[:_HASH_HEX_CHARACTERS]

    def text(self, text: str) -> str:
        """Free text with every number of seven digits or more in it masked.

        A Uniqueid, which is ten digits, a dot and more, is left as it is.
        """
        if self._mode == "full" or _UNIQUEID.match(text):
            return text
        return _EMBEDDED.sub(self._embedded, text)

    def channel(self, name: str) -> str:
        """A channel name with a number in it masked. The suffix, its identity, is kept."""
        parts = _CHANNEL.match(name)
        if parts is None:
            return self.text(name)
        return self.text(parts.group(1)) + parts.group(2)

    def apply(self, name: str, fields: Mapping[str, FieldValue]) -> Fields:
        """The fields of a manager event or list item, masked.

        `CallerHash` is added beside `CallerIDNum`; a `DialBegin` whose dial string holds a number
        of seven digits or more gets `Callee` and `CalleeHash`. In mode `none` number fields are
        left out.
        """
        masked: Fields = {}
        for field, value in fields.items():
            if field not in self._masks:
                # Fields are those of the selection: there are not many.
                self._masks[field] = self._mask_of(field)
            mask = self._masks[field]
            masked[field] = value if mask is None else _each(mask, value)
        if "CallerIDNum" in fields:
            if self._mode == "none":
                del masked["CallerIDNum"]
            else:
                self._put(masked, "CallerHash", _each(self.hash, fields["CallerIDNum"]))
        if name == "DialBegin":
            self._add_callee(masked, fields.get("DialString", ""))
        return masked

    def log_columns(self, event: str, data: List[str]) -> Dict[str, str]:
        """The data columns of a `queue_log` line, masked: `data1` … as many as there are.

        ENTERQUEUE has the caller's number in its second one; `CallerHash` is added beside it.
        """
        columns = {
            "data{}".format(position): self.text(text) for position, text in enumerate(data, 1)
        }
        if event == "ENTERQUEUE" and "data2" in columns:
            number = data[1]
            columns["data2"] = self.number(number)
            if self.hash(number):
                columns["CallerHash"] = self.hash(number)
        return columns

    def _mask_of(self, field: str) -> Optional[Mask]:
        if field == "CallerIDNum":
            return self.number
        if field.endswith("Channel") or field == "Newname":
            return self.channel
        if field in _TEXT_FIELDS:
            return self.text
        return None

    def _embedded(self, match: Match[str]) -> str:
        digits = _NOT_A_DIGIT.sub("", match.group(0))
        return MARK + (digits[-_SHOWN_DIGITS:] if self._mode == "last4" else "")

    def _add_callee(self, masked: Fields, dial_string: FieldValue) -> None:
        text = dial_string if isinstance(dial_string, str) else dial_string[-1]
        numbers = _LONG_RUN.findall(text)
        if numbers and self._mode != "none":
            masked["Callee"] = self.number(numbers[-1])
            masked["CalleeHash"] = self.hash(numbers[-1])

    @staticmethod
    def _put(fields: Fields, name: str, value: FieldValue) -> None:
        if value and any(value):
            fields[name] = value


def _each(mask: Mask, value: FieldValue) -> FieldValue:
    """The mask applied to a value, or to each of a repeated header's values."""
    return mask(value) if isinstance(value, str) else [mask(text) for text in value]
