"""Which reporting interval a moment belongs to: half-open quarters of an hour, in UTC.

Every zone's hours and days begin on a quarter, so roll-ups are cut in the tenant's zone later
(docs/kpi.md, "Intervals").
"""

WINDOW_MS = 15 * 60 * 1000


def window_start(at: int) -> int:
    """Start of the window that `at` (milliseconds since the epoch) belongs to."""
    return at - at % WINDOW_MS
