import msgspec
import pytest

from streams.domain.site_state import STATE_FORM, decode_state, encode_state, new_site_state
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


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_state(b"\xc1 not msgpack")
