"""How an encoded state is stored: as it is, or compressed if it is large.

The first byte tells which; another one is of no form that this program reads.
"""

import msgspec
from backports import zstd

_PLAIN = b"\0"
_COMPRESSED = b"\2"
_LEVEL = 1
"""Of zstd. A third of zlib's time and three quarters of its bytes (docs/adr/0021)."""


def packed(data: bytes, compressed_from: int) -> bytes:
    """The data as it is stored: compressed if it has `compressed_from` bytes or more."""
    if len(data) < compressed_from:
        return _PLAIN + data
    return _COMPRESSED + zstd.compress(data, _LEVEL)


def unpacked(data: bytes) -> bytes:
    """What was packed. Raises msgspec.DecodeError on anything else."""
    form, body = data[:1], data[1:]
    if form == _PLAIN:
        return body
    if form != _COMPRESSED:
        raise msgspec.DecodeError("no packed state")
    try:
        return zstd.decompress(body)
    except zstd.ZstdError as error:
        raise msgspec.DecodeError(str(error)) from error
