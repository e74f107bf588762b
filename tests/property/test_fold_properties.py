"""What holds of the facts whatever is said, however it is delivered."""

import functools
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_api.contract.published import PublishedBatch, PublishedEvent
from streams.domain.facts import Fact, SiteStatus
from streams.domain.site_state import decode_state, encode_state, new_site_state
from streams.site_batches import fold_batch
from tests.property.soup import stories, stories_with_clock_steps
from tests.support.batches import (
    FactKey,
    batch_of,
    batches_of,
    by_table,
    fold,
    key_of,
    latest,
    published,
)
from tests.support.captures import events_of, scenario
from tests.support.consistency import inconsistencies
from tests.support.stories import Story

RECORDED = (
    "13.38.3/y_sip_hold",
    "16.30.1/o_reconnect_v2",
    "18.26.4/f_exit_key_v2",
    "18.26.4/l_blind_transfer_v2",
    "22.10.1/p_restart",
    "22.10.1/u_race",
)


def _rows(facts: Sequence[Fact]) -> dict[FactKey, Fact]:
    """What readers see, but for the row that tells how the collector was heard."""
    return {k: f for k, f in latest(facts).items() if not isinstance(f, SiteStatus)}


@functools.cache
def _recorded(name: str) -> list[PublishedEvent]:
    story = scenario(name)
    return published(events_of(story.connections, log=story.read("queue_log")))


@functools.cache
def _rows_of(name: str) -> dict[FactKey, Fact]:
    return _rows(fold(_cut(_recorded(name), [])))


# --- Whatever is said ----------------------------------------------------------------------------


def _check_every_prefix(story: Story) -> None:
    state = new_site_state("acme", "pbx-01")
    seen: dict[FactKey, Fact] = {}
    for batch in story.batches(size=1):
        for fact in fold_batch(state, batch):
            seen[key_of(fact)] = fact
        assert inconsistencies(by_table(seen.values())) == []


@given(stories())
def test_sums_and_states_are_consistent_at_every_moment(story: Story) -> None:
    _check_every_prefix(story)


@given(stories_with_clock_steps())
def test_sums_and_states_stay_consistent_when_the_clock_jumps(story: Story) -> None:
    _check_every_prefix(story)


@given(stories_with_clock_steps())
def test_outcome_once_settled_never_changes(story: Story) -> None:
    """But for `unknown`, which queue_log may explain."""
    settled: dict[str, str] = {}
    for fact in fold(story.batches(size=1)):
        outcome = getattr(fact, "outcome", "open")
        if outcome != "open":
            before = settled.setdefault(fact.call_id, outcome)  # type: ignore[union-attr]
            assert before in (outcome, "unknown")
            settled[fact.call_id] = outcome  # type: ignore[union-attr]


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_stories_are_consistent_at_every_moment(name: str) -> None:
    state = new_site_state("acme", "pbx-01")
    seen: dict[FactKey, Fact] = {}
    for event in _recorded(name):
        for fact in fold_batch(state, batch_of([event])):
            seen[key_of(fact)] = fact
        assert inconsistencies(by_table(seen.values())) == []


# --- However it is delivered ---------------------------------------------------------------------


def _cut(events: Sequence[PublishedEvent], cuts: Sequence[int]) -> list[PublishedBatch]:
    places = sorted({0, len(events), *(cut % (len(events) + 1) for cut in cuts)})
    return [batch_of(events[a:b]) for a, b in itertools.pairwise(places)]


def _again(
    events: Sequence[PublishedEvent], cuts: Sequence[int], repeats: Sequence[tuple[int, int]]
) -> list[PublishedBatch]:
    """The batches of `_cut`, with any stretch of what was sent before sent again in between."""
    batches: list[PublishedBatch] = []
    for batch, (start, length) in itertools.zip_longest(
        _cut(events, cuts), repeats, fillvalue=(0, 0)
    ):
        if isinstance(batch, PublishedBatch):
            batches.append(batch)
        sent = batches[-1].events[-1].sequence if batches else 0
        first = start % (sent or 1)
        if length and sent:
            batches.append(batch_of(events[first : min(sent, first + length)]))
    return batches


_cuts = st.lists(st.integers(0, 5_000), max_size=12)
_repeats = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 200)), max_size=8)


@given(stories(), _cuts)
def test_any_cut_into_batches_gives_the_same_rows(story: Story, cuts: list[int]) -> None:
    events = published(story.events)
    assert _rows(fold(_cut(events, cuts))) == _rows(fold(batches_of(story.events, size=1)))


@given(st.sampled_from(RECORDED), _cuts, _repeats)
@settings(max_examples=25)
def test_any_repetition_of_recorded_batches_gives_the_same_rows(
    name: str, cuts: list[int], repeats: list[tuple[int, int]]
) -> None:
    events = _recorded(name)
    assert _rows(fold(_again(events, cuts, repeats))) == _rows_of(name)


@given(st.sampled_from(RECORDED), _cuts)
@settings(max_examples=15)
def test_state_stored_and_read_back_between_batches_changes_nothing(
    name: str, cuts: list[int]
) -> None:
    events = _recorded(name)
    state = new_site_state("acme", "pbx-01")
    facts: list[Fact] = []
    for batch in _cut(events, cuts):
        facts += fold_batch(state, batch)
        state = decode_state(encode_state(state))
    assert _rows(facts) == _rows_of(name)


@given(stories_with_clock_steps())
def test_state_stored_and_read_back_after_each_event_changes_nothing(story: Story) -> None:
    state = new_site_state("acme", "pbx-01")
    facts: list[Fact] = []
    for batch in story.batches(size=1):
        facts += fold_batch(state, batch)
        state = decode_state(encode_state(state))
    assert _rows(facts) == _rows(fold(story.batches(size=1)))


@given(st.data())
@settings(max_examples=15)
def test_any_interleaving_of_sites_gives_the_same_rows(data: st.DataObject) -> None:
    """Two sites with the same channels: Uniqueids are unique within one Asterisk only."""
    names = data.draw(st.lists(st.sampled_from(RECORDED), min_size=2, max_size=3, unique=True))
    queues = {
        f"pbx-{place}": [
            batch_of(batch.events, site=f"pbx-{place}")
            for batch in _cut(_recorded(name), data.draw(_cuts))
        ]
        for place, name in enumerate(names)
    }
    alone = _rows([fact for batches in queues.values() for fact in fold(batches)])
    order = data.draw(st.permutations([site for site, batches in queues.items() for _ in batches]))
    states = {site: new_site_state("acme", site) for site in queues}
    rest = {site: iter(batches) for site, batches in queues.items()}
    facts = [fact for site in order for fact in fold_batch(states[site], next(rest[site]))]
    assert _rows(facts) == alone
