"""What asks a platform for what its webhooks did not tell, and how that can fail.

PollError
├── PlatformAwayError     no answer, or not now: the next round asks again, later and later
└── PlatformRefusesError  the account's token is not accepted: asked again every quarter of an hour
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from connectors.door import Passed

Publish = Callable[[Passed], Awaitable[None]]
"""Returns when what was found is stored. Whatever it raises ends the round."""


class PollError(Exception):
    """Base of the errors of a round; the text holds neither a token nor anything of an answer."""


class PlatformAwayError(PollError):
    """It did not answer, or said to come later; `retry_after_s` is what it asked for, 0 if not."""

    def __init__(self, text: str, retry_after_s: float = 0.0) -> None:
        """`text` says what was asked and how it failed."""
        super().__init__(text)
        self.retry_after_s = retry_after_s


class PlatformRefusesError(PollError):
    """It does not know the token, or not for this."""


class Round(NamedTuple):
    """What a round of asking found: how much was published, of how much that was shown."""

    published: int
    shown: int


class Poller(Protocol):
    """Asks for one account; used by one task."""

    cursor_ms: int
    """Everything that changed before it was found; milliseconds since the epoch."""

    async def sessions(self, publish: Publish) -> Round:
        """Find sessions that changed since the cursor, and move it. Raises PollError."""

    async def agents(self, publish: Publish) -> Round:
        """Look who takes sessions now. Raises PollError."""

    async def close(self) -> None:
        """Let go of the connection."""
