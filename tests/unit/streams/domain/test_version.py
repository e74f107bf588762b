from ingest_api.contract.timestamps import LATEST_MS
from streams.domain.version import (
    FOLD_REVISION,
    GENERATION_BITS,
    MAX_SEQUENCE,
    PLACE_MASK,
    VERSIONS_PER_EVENT,
    chat_place,
    next_generation,
    place_of,
    rebuilt_version_of,
    version_of,
)

NOON = 1_773_154_800_000  # 2026-03-10 15:00 UTC, 54255 hours after 2020 began
HOURS = 54_255


def test_later_events_of_a_generation_win() -> None:
    assert version_of(5, 11) > version_of(5, 10)


def test_a_later_generation_wins_whatever_its_sequence() -> None:
    assert version_of(6, 1) > version_of(5, MAX_SEQUENCE)


def test_versions_fit_an_unsigned_64_bit_number() -> None:
    assert rebuilt_version_of((1 << 19) - 1, MAX_SEQUENCE) < 1 << 64
    assert version_of(0, 0) == FOLD_REVISION << 56


def test_the_latest_moment_that_a_topic_holds_is_the_last_with_a_version() -> None:
    assert next_generation(0, LATEST_MS) == (1 << GENERATION_BITS) - 1
    assert next_generation(0, LATEST_MS + 1) == 1 << GENERATION_BITS
    assert chat_place(0, LATEST_MS) <= PLACE_MASK


def test_a_rebuilt_row_wins_over_the_same_event_and_loses_against_the_next() -> None:
    assert version_of(5, 10) < rebuilt_version_of(5, 10) < version_of(5, 11)
    assert rebuilt_version_of(5, MAX_SEQUENCE) < version_of(6, 0)


def test_a_version_is_the_revision_and_the_place_of_its_event() -> None:
    assert version_of(5, 10) == FOLD_REVISION << 56 | place_of(5, 10)
    assert version_of(5, 11) - version_of(5, 10) == VERSIONS_PER_EVENT


def test_the_first_generation_is_the_hours_since_2020() -> None:
    assert next_generation(0, NOON) == HOURS


def test_a_take_over_within_the_hour_still_rises() -> None:
    assert next_generation(HOURS, NOON) == HOURS + 1


def test_a_lost_state_rises_above_what_it_has_forgotten() -> None:
    an_hour_later = NOON + 3_600_000
    assert next_generation(0, an_hour_later) > HOURS
