"""How queues stand at the last event of their site."""

from streams.domain.queues_now import QueueNow, queues_now
from streams.domain.site_state import new_site_state
from tests.support.batches import SITE, TENANT, fold
from tests.support.stories import Story

ANA, BIA = "PJSIP/2000", "PJSIP/2001"


def now(story: Story, until: str) -> dict[str, QueueNow]:
    state = new_site_state(TENANT, SITE)
    fold(story.batches(until=until), state)
    return queues_now(state)


def test_a_site_of_which_nothing_was_seen_has_no_queue() -> None:
    assert queues_now(new_site_state(TENANT, SITE)) == {}


def test_the_longest_wait_lasts_until_the_last_event_of_the_site() -> None:
    story = Story().join("10:00:00", "100.1", "vendas").join("10:00:20", "100.2", "vendas")
    assert now(story, "10:00:31") == {"vendas": QueueNow(2, 31_000, 0)}


def test_a_caller_who_is_answered_or_gone_waits_no_more() -> None:
    story = Story().join("10:00:00", "100.1", "vendas").join("10:00:01", "100.2", "vendas")
    story.connect("10:00:05", "100.1", "vendas", ANA, hold_s=5)
    story.give_up("10:00:09", "100.2", "vendas", hold_s=8).leave("10:00:09", "100.2", "vendas")
    story.hangup("10:00:09", "100.2")
    assert now(story, "10:00:20") == {"vendas": QueueNow(0, 0, 0)}


def test_a_free_agent_counts_in_each_queue_they_are_not_paused_in() -> None:
    story = Story()
    for queue in ("vendas", "suporte"):
        story.added("09:00:00", queue, ANA).added("09:00:00", queue, BIA)
    story.pause("09:10:00", "suporte", ANA, "Back-office")
    for queue in ("vendas", "suporte"):
        story.pause("09:20:00", queue, BIA, "Almoço")
    assert now(story, "09:30:00") == {"vendas": QueueNow(0, 0, 1), "suporte": QueueNow(0, 0, 0)}


def test_an_agent_who_rings_or_talks_is_not_free() -> None:
    story = Story().added("09:00:00", "vendas", ANA).join("10:00:00", "100.1", "vendas")
    story.called("10:00:02", "100.1", "vendas", ANA)
    assert now(story, "10:00:03") == {"vendas": QueueNow(1, 3_000, 0)}
    story = Story().added("09:00:00", "vendas", ANA).join("10:00:00", "100.1", "vendas")
    story.called("10:00:02", "100.1", "vendas", ANA)
    story.connect("10:00:05", "100.1", "vendas", ANA, hold_s=5)
    assert now(story, "10:00:20") == {"vendas": QueueNow(0, 0, 0)}
