"""What can go wrong in the streams, each with one reader and one reaction.

    StreamsError
    ├── ConfigError          the command ends and names the wrong key
    ├── TopicsError          the command ends and says which topic is not as it must be
    ├── StateRecordError     the worker stops: its stored state is of another program
    ├── RecoveryStuckError   the worker stops, to be started again as a new member of its group
    ├── DeadLetterFloodError the worker stops, before it diverts everything
    └── RebuildError         a site is not rebuilt, and the command says why

Each is read by the operator, who has to act.

ClickHouse's absence is no error here: the flush waits it out (`streams.storage.errors`).
"""


class StreamsError(Exception):
    """Base of the errors of this room."""


class ConfigError(StreamsError):
    """The configuration cannot be used; the text names the key."""


class TopicsError(StreamsError):
    """A topic is missing or has another number of partitions than configured."""


class StateRecordError(StreamsError):
    """A stored state record cannot be read. Never guessed at: the worker stops."""


class RecoveryStuckError(StreamsError):
    """A rebalance or table recovery does not end."""


class DeadLetterFloodError(StreamsError):
    """So many batches break the fold that it is the program, not the batches."""


class RebuildError(StreamsError):
    """What was asked to be folded anew is not there, or not all of it."""
