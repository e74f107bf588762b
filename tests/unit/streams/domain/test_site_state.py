import msgspec
import pytest

from streams.domain.site_state import (
    COMPRESSED_FROM_BYTES,
    STATE_FORM,
    decode_state,
    encode_state,
    new_site_state,
)
from streams.site_batches import fold_batch
from tests.support.stories import Story


def test_a_state_with_everything_in_it_survives_its_encoding() -> None:
    state = new_site_state("acme", "pbx-01")
    story = Story().join("10:00:00", "100.1", "vendas").join("10:00:01", "100.2", "suporte")
    for batch in story.batches():
        fold_batch(state, batch)
    assert set(state.callers) == {"100.1", "100.2"}
    assert decode_state(encode_state(state)) == state


def test_a_state_of_another_form_is_not_read() -> None:
    state = new_site_state("acme", "pbx-01")
    state.form = STATE_FORM + 1
    with pytest.raises(ValueError, match="form"):
        decode_state(encode_state(state))


def test_another_form_is_named_though_its_fields_are_not_ours() -> None:
    with pytest.raises(ValueError, match=f"form {STATE_FORM + 1}"):
        decode_state(b"\0" + msgspec.msgpack.encode([STATE_FORM + 1, 2, {}]))


def test_a_large_state_is_compressed_and_survives_it() -> None:
    state = new_site_state("acme", "pbx-01")
    story = Story()
    for number in range(600):
        story.join("10:00:00", f"100.{number}", "vendas")
    for batch in story.batches():
        fold_batch(state, batch)
    data = encode_state(state)
    assert len(data) < COMPRESSED_FROM_BYTES < len(msgspec.msgpack.encode(state))
    assert decode_state(data) == state
    with pytest.raises(msgspec.DecodeError):
        decode_state(data[:-9])


@pytest.mark.parametrize("data", [b"", b"\0", b"\xc1 not msgpack", b"\0\xc1", b"\2not zstd"])
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_state(data)


def test_a_number_beyond_64_bits_cannot_be_stored() -> None:
    state = new_site_state("acme", "pbx-01")
    state.duplicates = 1 << 64
    with pytest.raises(OverflowError):
        encode_state(state)


def test_half_of_a_surrogate_pair_cannot_be_stored() -> None:
    state = new_site_state("acme", "\ud800")
    with pytest.raises(UnicodeEncodeError):
        encode_state(state)
