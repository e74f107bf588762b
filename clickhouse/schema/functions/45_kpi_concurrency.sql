-- Several conversations at a time (docs/kpi.md). Spans are (from, until) in one unit, any order.

-- How long at least one of the spans lasts: each adds what lies beyond the end of all before it.
CREATE OR REPLACE FUNCTION kpi_covered_ms AS (spans) ->
    tupleElement(arrayFold(
        (covered, span) -> (
            covered.1 + greatest(span.2 - greatest(span.1, covered.2), toInt64(0)),
            greatest(span.2, covered.2)),
        arraySort(spans),
        (toInt64(0), toInt64(0))), 1);

CREATE OR REPLACE FUNCTION kpi_mean_concurrency AS (conversation_ms, busy_ms) ->
    conversation_ms / nullIf(busy_ms, 0);
