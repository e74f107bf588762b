"""Sites with as many callers, agents and queues as are followed, and with more."""

from streams.domain.facts import CoverageGap, QueueCall
from streams.domain.site_state import (
    MAX_AGENTS,
    MAX_CALLERS,
    MAX_QUEUES,
    MAX_WINDOWS,
    encode_state,
    new_site_state,
)
from streams.site_batches import fold_batch
from tests.support.batches import latest
from tests.support.stories import Story

A = "PJSIP/101"


def test_callers_who_hung_up_make_room_for_those_who_talk() -> None:
    story = Story().connected("09:59:00").added("09:59:00", "vendas", A, "Ana")
    story.join("10:00:00", "100.1", "vendas").called("10:00:01", "100.1", "vendas", A, "Ana")
    story.connect("10:00:05", "100.1", "vendas", A, "Ana", hold_s=5, leg="200.1")
    for number in range(MAX_CALLERS + 1):
        uniqueid = f"300.{number}"
        story.join("10:00:10", uniqueid, "vendas").hangup_request("10:00:10", uniqueid)
        story.give_up("10:00:10", uniqueid, "vendas", 0).hangup("10:00:10", uniqueid)
    story.complete("10:02:05", "100.1", "vendas", A, talk_s=120)
    call = story.facts(until="10:02:10").call("100.1")
    assert (call.outcome, call.talk_ms, call.ended_by) == ("answered", 120_000, "caller")


def test_a_full_site_fits_half_a_megabyte() -> None:
    story = Story().connected("09:59:00")
    for number in range(MAX_CALLERS):
        story.join("10:00:00", f"1773147600.{number}", "vendas", caller_hash=f"{number:016x}")
    state = new_site_state("acme", "pbx-01")
    for batch in story.batches():
        fold_batch(state, batch)
    assert len(state.callers) == MAX_CALLERS
    assert len(encode_state(state)) <= 512 * 1024


def test_more_agents_than_are_followed_are_told_and_cost_the_others_nothing() -> None:
    story = Story().connected("09:59:00").added("09:59:00", "vendas", A, "Ana")
    for number in range(MAX_AGENTS + 5):
        story.status("09:59:01", "vendas", f"SIP/{number}", 1)
    story.join("10:00:00", "100.1", "vendas")
    story.connect("10:00:05", "100.1", "vendas", A, "Ana", hold_s=5)
    story.complete("10:01:05", "100.1", "vendas", A, talk_s=60)
    state = new_site_state("acme", "pbx-01")
    gaps = []
    for batch in story.batches(until="10:02:00"):
        gaps += [f.reason for f in fold_batch(state, batch) if isinstance(f, CoverageGap)]
    assert set(gaps) == {"too_many_agents"}
    assert len(state.agents) == MAX_AGENTS
    assert story.facts(until="10:02:00").call("100.1").talk_ms == 60_000


def test_names_of_queues_without_end_do_not_fill_the_state() -> None:
    story = Story().connected("09:59:00")
    for number in range(MAX_WINDOWS + 5):
        uniqueid, queue = f"300.{number}", f"q{number}"
        story.join("10:00:00", uniqueid, queue).hangup_request("10:00:00", uniqueid)
        story.give_up("10:00:00", uniqueid, queue, 0).hangup("10:00:00", uniqueid)
    state = new_site_state("acme", "pbx-01")
    facts = [fact for batch in story.batches() for fact in fold_batch(state, batch)]
    assert (len(state.windows), len(state.queues)) == (MAX_WINDOWS, MAX_QUEUES)
    calls = [f for f in latest(facts).values() if isinstance(f, QueueCall)]
    assert len(calls) == MAX_WINDOWS + 5
