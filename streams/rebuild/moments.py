"""Moments as an operator writes and reads them."""

from datetime import UTC, datetime


def parse_moment(text: str) -> int:
    """A date or an ISO 8601 moment, UTC unless it names a zone, in milliseconds since the epoch.

    Raises ValueError on anything else.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def moment_text(at: int) -> str:
    """RFC 3339 in UTC, whole seconds where there are no milliseconds."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    precision = "milliseconds" if at % 1000 else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
