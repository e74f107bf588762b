"""The first question of ClickHouse's Go driver, which Grafana's plugin uses, answered by hand.

The driver decodes this one answer as protocol revision 54460 and every later one as the revision it
reports. The engine writes plain blocks without revision, so the answer reports revision 0.
"""

import re
import struct

_QUESTION = re.compile(
    r"\s*SELECT\s+displayName\(\),\s*version\(\),\s*revision\(\),\s*timezone\(\)\s*", re.IGNORECASE
)
_REVISION = 0
# Block information of that revision: is_overflows = 0, bucket_num = -1, end.
_BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
_NO_CUSTOM_SERIALISATION = b"\x00"


def is_hello(statement: str, client_protocol_version: str) -> bool:
    """Whether this is that question of a driver that will decode the answer with a revision."""
    return bool(client_protocol_version) and _QUESTION.fullmatch(statement) is not None


def hello_block(name: str, version: str, timezone: str) -> bytes:
    """The answer: one row in the Native format of revision 54460."""
    columns = (
        ("displayName()", "String", _text(name)),
        ("version()", "String", _text(version)),
        ("revision()", "UInt32", struct.pack("<I", _REVISION)),
        ("timezone()", "String", _text(timezone)),
    )
    return (
        _BLOCK_INFO
        + _number(len(columns))
        + _number(1)
        + b"".join(
            _text(column) + _text(column_type) + _NO_CUSTOM_SERIALISATION + data
            for column, column_type, data in columns
        )
    )


def _number(value: int) -> bytes:
    """ClickHouse's variable-length number; only small ones are needed."""
    return bytes([value]) if value < 1 << 7 else bytes([value & 0x7F | 0x80]) + _number(value >> 7)


def _text(value: str) -> bytes:
    data = value.encode()
    return _number(len(data)) + data
