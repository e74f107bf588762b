"""What can go wrong between us and ClickHouse: one reaction each.

Exception
 ├─ StorageUnavailableError   transient: the caller waits and tries again, for ever
 ├─ StorageRefusedError       our bug or a wrong set-up: crash loudly
 └─ SchemaError               the schema's files and the database disagree: stop, a person decides
"""


class StorageUnavailableError(Exception):
    """ClickHouse could not be reached, or could not do it now. The same write may succeed later."""


class StorageRefusedError(Exception):
    """ClickHouse refuses what we send and would refuse it again."""


class SchemaError(Exception):
    """A file of the schema was changed, renamed or removed after it was applied."""
