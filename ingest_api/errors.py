"""Every answer of the API that is not a success, each with one reader and one reaction.

`events_route.py` turns them into answers; the collector reacts to the status.

IngestError
├── MalformedBodyError    400  no JSON text, or a damaged gzip: the collector bisects
├── UnauthorizedError     401  token missing, unknown or disabled: retries slowly, drops nothing
├── WrongSiteError        403  the token speaks for another site: the same
├── MethodNotAllowedError 405 not a POST: nobody's, a person's mistake
├── BodyTooSlowError      408  the body did not arrive in time: sends again, slower and slower
├── TooLargeError         413  a limit of size: bisects
├── UnsupportedBodyError  415  another content type or encoding than we read: the same
├── InvalidBatchError     422  names the field: bisects
├── InvalidEventError     422  a webhook's body is no event of the platform: a person's mistake
├── TooManyRequestsError  429  waits Retry-After
└── UnavailableError      503  nothing was stored, or nobody knows: waits Retry-After, sends again

ConfigError is read by the command line alone: the operator is told the wrong key.
"""

import enum
from collections.abc import Iterator
from typing import ClassVar


class ConfigError(Exception):
    """A setting is missing or wrong; the text names its key."""


class IngestError(Exception):
    """Base of the answers. `detail` is for people and repeats nothing from the request."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, detail: str) -> None:
        """`detail` becomes part of the answer."""
        super().__init__(detail)
        self.detail = detail


class MalformedBodyError(IngestError):
    """The body is no JSON text, or no whole gzip of one."""

    status = 400
    code = "malformed_body"


class UnauthorizedError(IngestError):
    """No token, or one that is not valid. Why it is not is never said."""

    status = 401
    code = "unauthorized"


class WrongSiteError(IngestError):
    """The token is valid, but speaks for another site than the body names."""

    status = 403
    code = "wrong_site"


class MethodNotAllowedError(IngestError):
    """Something else than POST."""

    status = 405
    code = "method_not_allowed"

    def __init__(self) -> None:
        """There is one method only."""
        super().__init__("events are posted")


class BodyTooSlowError(IngestError):
    """The body did not arrive in time."""

    status = 408
    code = "body_too_slow"


class TooLargeError(IngestError):
    """The body is over a limit of size."""

    status = 413
    code = "too_large"


class UnsupportedBodyError(IngestError):
    """The body's type or encoding is not one that is read here."""

    status = 415
    code = "unsupported_body"


class InvalidBatchError(IngestError):
    """The form of the batch is wrong in `field`."""

    status = 422
    code = "invalid_batch"

    def __init__(self, field: str, detail: str) -> None:
        """`field` is a path as `events[3].sequence`."""
        super().__init__(detail)
        self.field = field


class InvalidEventError(IngestError):
    """What was posted to a webhook's address is no event of that platform."""

    status = 422
    code = "invalid_event"


class RetryLaterError(IngestError):
    """Base of the answers that say when to come again."""

    def __init__(self, detail: str, retry_after_s: int) -> None:
        """`retry_after_s` is at least 1."""
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class TooManyRequestsError(RetryLaterError):
    """The token has used up its rate."""

    status = 429
    code = "too_many_requests"


class Shortage(enum.StrEnum):
    """Why a batch cannot be stored now: the label of `ingest_unavailable_total`."""

    BODIES = "bodies"
    """The bodies being read and checked fill their bound."""

    MESSAGES = "messages"
    """The messages that the broker has not acknowledged fill their bound."""

    BROKER = "broker"
    """The broker did not acknowledge in time, or refused."""


class UnavailableError(RetryLaterError):
    """The batch was not acknowledged by the broker, or there is no room to take it."""

    status = 503
    code = "unavailable"

    def __init__(self, detail: str, retry_after_s: int, shortage: Shortage) -> None:
        """`shortage` is for the metrics; the sender's reaction is the same to all."""
        super().__init__(detail, retry_after_s)
        self.shortage = shortage


def _codes(base: type[IngestError]) -> Iterator[str]:
    for error in base.__subclasses__():
        if "code" in vars(error):
            yield error.code
        yield from _codes(error)


ACCEPTED = "accepted"
FAILED = "failed"
OUTCOMES = (ACCEPTED, FAILED, *_codes(IngestError))
"""How requests end, for metrics: stored, by a fault of ours without an answer, or with an error."""
