"""Facts become columns: one row per key, highest version, names and order of the tables."""

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.facts import AgentState, QueueCall, StaleWindow
from streams.storage.rows import RawBatch, batch_block, fact_block, latest_facts
from tests.support.facts import START, agent_state, queue_call


def test_no_facts_make_no_blocks() -> None:
    assert latest_facts([]) == {}


def test_facts_are_parted_by_type() -> None:
    call, state = queue_call(), agent_state()
    stale = StaleWindow("acme", "pbx-01", "voice", "support", START, 1)
    assert latest_facts([state, call, stale]) == {
        AgentState: [state],
        QueueCall: [call],
        StaleWindow: [stale],
    }


def test_of_one_key_the_highest_version_holds_and_of_equal_ones_the_last() -> None:
    old, new, last = (
        queue_call(version=version, talk_ms=talk_ms)
        for version, talk_ms in ((1, 1), (2, 2), (2, 3))
    )
    assert latest_facts([new, old, last]) == {QueueCall: [last]}


def test_facts_that_differ_in_any_part_of_the_key_are_kept() -> None:
    calls = [
        queue_call(),
        queue_call(tenant_id="other"),
        queue_call(site="pbx-02"),
        queue_call(queue="sales"),
        queue_call(call_id="1773147600.1/2"),
        queue_call(entered_at=START + 1),
    ]
    assert latest_facts(calls) == {QueueCall: calls}


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), max_size=30))
def test_any_order_of_versions_leaves_the_highest_of_each_key(facts: list[tuple[int, int]]) -> None:
    calls = [queue_call(call_id=f"{key}/1", version=version) for key, version in facts]
    kept = latest_facts(calls).get(QueueCall, [])
    highest = {key: max(v for k, v in facts if k == key) for key, _ in facts}
    assert {call.call_id: call.version for call in kept if isinstance(call, QueueCall)} == {
        f"{key}/1": version for key, version in highest.items()
    }


def test_columns_are_the_fields_in_order() -> None:
    block = fact_block(AgentState, [agent_state(), agent_state(started_at=START + 1)])
    assert block.table == "agent_states"
    assert block.column_names == AgentState.__struct_fields__
    assert block.columns[block.column_names.index("started_at")] == [START, START + 1]
    assert block.columns[block.column_names.index("ended_at")] == [None, None]


def test_a_queue_call_leaves_out_what_clickhouse_computes() -> None:
    first = queue_call()
    overflow = queue_call(call_id="1773147600.1/2", contact_id="1773147500.9")
    block = fact_block(QueueCall, [first, overflow])
    assert "uniqueid" not in block.column_names
    assert block.columns[block.column_names.index("contact_id")] == ["", "1773147500.9"]


def test_a_raw_batch_is_one_row() -> None:
    batch = RawBatch("acme", "pbx-01", 7, 1, 3, "s-1", START, b"{}")
    block = batch_block([batch])
    assert block.table == "event_batches"
    assert dict(zip(block.column_names, block.columns, strict=True)) == {
        "tenant_id": ["acme"],
        "site": ["pbx-01"],
        "generation": [7],
        "first_sequence": [1],
        "last_sequence": [3],
        "spool": ["s-1"],
        "received_at": [START],
        "payload": [b"{}"],
    }
