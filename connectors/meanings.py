"""What each platform's events mean, by the same word as in `doors.py`."""

from connectors.chatwoot import meaning as chatwoot
from connectors.helena import meaning as helena
from connectors.meaning import Meaning

MEANINGS: dict[str, Meaning] = {
    "helena": helena.understand,
    "chatwoot": chatwoot.understand,
}
