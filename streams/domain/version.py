"""The version of a fact: of two facts with one key, the higher version holds.

`fold revision (8 bits) | site generation (20 bits) | sequence (36 bits)`. Rows of today's rules win
over older rules, rows of a reinstalled collector over those of the former one, later events over
earlier ones: deterministically, whoever writes them.
"""

FOLD_REVISION = 1
"""Rises with each change of what events mean, so that a row folded anew replaces the old one."""

GENERATION_BITS = 20
SEQUENCE_BITS = 36
MAX_SEQUENCE = (1 << SEQUENCE_BITS) - 1

_EPOCH_2020_MS = 1_577_836_800_000
_HOUR_MS = 3_600_000


def version_of(generation: int, sequence: int) -> int:
    """The version of what an event with this sequence changed, an unsigned 64-bit number."""
    return (
        FOLD_REVISION << (GENERATION_BITS + SEQUENCE_BITS) | generation << SEQUENCE_BITS | sequence
    )


def next_generation(previous: int, received_at: int) -> int:
    """The generation that follows `previous` (0: none) when a spool takes a site over.

    At least the hours since 2020 of `received_at`, so that it also rises when the state was lost.
    """
    return max(previous + 1, (received_at - _EPOCH_2020_MS) // _HOUR_MS)
