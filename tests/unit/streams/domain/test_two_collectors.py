"""Two collectors that hear the same Asterisk count everything once."""

from streams.domain.facts import Fact
from tests.support.batches import batch_of, by_table, fold, published
from tests.support.stories import Story


def _heard() -> Story:
    return (
        Story()
        .join("10:00:00", "500.1", "vendas")
        .connect("10:00:05", "500.1", "vendas", "PJSIP/1", hold_s=5)
        .complete("10:01:40", "500.1", "vendas", "PJSIP/1", hold_s=5, talk_s=95)
        .at("10:01:42", "collector", "heartbeat")
    )


def _facts_of_both() -> list[Fact]:
    """Join, leave, connect and complete of one call, each posted by either, and a heartbeat."""
    events = published(_heard().events)
    batches = [
        batch_of([event], spool=spool) for event in events for spool in ("spool-a", "spool-b")
    ]
    return fold(batches)


def test_call_is_counted_once() -> None:
    facts = by_table(_facts_of_both())
    window = facts.window("vendas")
    assert (window.offered, window.answered, window.open) == (1, 1, 0)
    assert facts.call("500.1").talk_ms == 95_000


def test_duplicates_are_counted_and_shown() -> None:
    status = by_table(_facts_of_both()).status[0]
    assert status.duplicates == 4
    assert status.has_two_collectors


def test_nobody_ever_waits_twice() -> None:
    waiting = [fact for fact in _facts_of_both() if getattr(fact, "status", "") == "waiting"]
    assert {fact.call_id for fact in waiting} == {"500.1/1"}  # type: ignore[union-attr]
