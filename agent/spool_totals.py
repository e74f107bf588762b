"""What a spool holds and has dropped: kept beside the file, so that nobody has to count it."""

SPOOL_FULL = "spool_full"
DISK_FULL = "disk_full"
REFUSED = "refused"
DAMAGED = "damaged"


class SpoolTotals(object):
    """Events that wait and the bytes of their texts; the last sequence; when AMI was last heard.

    `dropped` counts events dropped since the start by reason. Those of a damaged file are unknown.
    """

    __slots__ = ("bytes", "dropped", "events", "heard_ms", "sequence")

    def __init__(self) -> None:
        """All zero."""
        self.events = 0
        self.bytes = 0
        self.sequence = 0
        self.heard_ms = 0
        self.dropped = {SPOOL_FULL: 0, DISK_FULL: 0, REFUSED: 0}

    def copy(self) -> "SpoolTotals":
        """The same, to come back to when a transaction fails."""
        same = SpoolTotals()
        same.events, same.bytes = self.events, self.bytes
        same.sequence, same.heard_ms = self.sequence, self.heard_ms
        same.dropped = dict(self.dropped)
        return same
