"""What the list of dead letters makes of single messages; the list itself is tried on a broker."""

import pytest

from ingest_api.contract.published import PublishedEvent, encode_batch
from streams.dead_letter_list import letter_of, rebuild_commands
from tests.support.batches import batch_of
from tests.support.stories import ms

KEY = b"acme/pbx-01"
RECEIVED_AT = ms("2026-03-10T10:00:00+00:00")


@pytest.mark.parametrize("at", [0, -5, 253_402_300_799_999, 2**62, 10**25])
def test_a_moment_that_cannot_be_is_that_of_the_receipt(at: int) -> None:
    """As in the fold; a rebuild from the year 9999 on would count nothing."""
    value = encode_batch(batch_of([PublishedEvent(7, at, "ami", "Join")], received_at=RECEIVED_AT))
    letter = letter_of(RECEIVED_AT, KEY, value, {})
    assert (letter.first_sequence, letter.first_event_at) == (7, RECEIVED_AT)
    (command,) = rebuild_commands([letter])
    assert command.endswith("--tenant acme --site pbx-01 --from 2026-03-10T10:00:00Z")


@pytest.mark.parametrize("value", [b"", b"\xff", b"[]", b'{"tenant": 5}', b"[" * 100_000])
def test_what_is_no_batch_is_listed_without_events(value: bytes) -> None:
    letter = letter_of(RECEIVED_AT, b"\xff/pbx", value, {"reason": b"\xff", "source": b"t/0/1"})
    assert (letter.first_sequence, letter.first_event_at, letter.source) == (None, None, "t/0/1")
    assert rebuild_commands([letter]) == []
