"""The version of a fact: of two facts with one key, the higher version holds.

`fold revision (8 bits) | site generation (19) | sequence (36) | rebuilt (1)`. Rows of today's rules
win over older rules, rows of a reinstalled collector over those of the former one, later events
over earlier ones, and a row folded anew over what the live path made of the same events:
deterministically, whoever writes them.
"""

FOLD_REVISION = 2
"""Rises with each change of what events mean, so that a row folded anew replaces the old one."""

GENERATION_BITS = 19
"""Hours since 2020 until the year 2079."""

SEQUENCE_BITS = 36
MAX_SEQUENCE = (1 << SEQUENCE_BITS) - 1

VERSIONS_PER_EVENT = 2
"""So much the version rises from one event of a generation to the next."""

_REBUILT = 1
_REVISION_SHIFT = GENERATION_BITS + SEQUENCE_BITS + 1

PLACE_MASK = (1 << _REVISION_SHIFT) - 1
"""The bits of a version that are its place, `place_of`."""

_EPOCH_2020_MS = 1_577_836_800_000
_HOUR_MS = 3_600_000
_PLACES_PER_MS_SHIFT = 14


def version_of(generation: int, sequence: int) -> int:
    """The version of what an event with this sequence changed, an unsigned 64-bit number."""
    return FOLD_REVISION << _REVISION_SHIFT | place_of(generation, sequence)


def rebuilt_version_of(generation: int, sequence: int) -> int:
    """The version of a row that was folded anew from all events up to this one (docs/adr/0016)."""
    return version_of(generation, sequence) | _REBUILT


def place_of(generation: int, sequence: int) -> int:
    """An event's place among those of its site: a version without the revision."""
    return generation << SEQUENCE_BITS + 1 | sequence * VERSIONS_PER_EVENT


def next_generation(previous: int, received_at: int) -> int:
    """The generation that follows `previous` (0: none) when a spool takes a site over.

    At least the hours since 2020 of `received_at`, so that it also rises when the state was lost.
    """
    return max(previous + 1, (received_at - _EPOCH_2020_MS) // _HOUR_MS)


def chat_place(previous: int, received_at: int) -> int:
    """The place of what one more event of a chat session changed, above `previous` (0: none).

    Chats have no sequence of their own. The time of receipt, in milliseconds since 2020 (until the
    year 2089), rises over all sessions of an account, also when a session's state was lost, so that
    the place of a window, the highest of its queue calls', rises too.
    """
    of_now = (received_at - _EPOCH_2020_MS) << _PLACES_PER_MS_SHIFT
    return max(previous + VERSIONS_PER_EVENT, of_now)


def version_of_place(place: int) -> int:
    """The version of what an event at this place changed, by today's rules."""
    return FOLD_REVISION << _REVISION_SHIFT | place & PLACE_MASK
