"""What `forget` says: what it found, and what it leaves to time or to others."""

from collections.abc import Sequence
from typing import NamedTuple

from tenants.outcome import Outcome

REMEMBERED_DAYS = 7
"""So long after its end a chat is remembered, and a change writes its number again."""

EXPIRES = (
    (
        "parts of tables that were replaced",
        "the server deletes their files about eight minutes later (old_parts_lifetime)",
    ),
    (
        "site_snapshots: states of sites, kept for rebuilds, with the calls open at that moment",
        "31 days after they were taken",
    ),
    (
        "Kafka, topics of events, where alone events of chats are kept",
        "with the retention of pbx.events.v1 and chat.events.v1 (7 days unless set otherwise)",
    ),
    ("Kafka, dead letters", "with the retention of events.dead.v1 (7 days unless set otherwise)"),
    (
        "Kafka, state records of sites and chats",
        (
            f"a call's goes with its end, a chat's {REMEMBERED_DAYS} days later or after 90 of"
            " silence; then compaction"
        ),
    ),
    ("copies of a rebuild under way", "with its end, or a day later"),
    ("collectors' spools at the customer", "with the delivery of what is in them"),
    ("backups", "when they are deleted by whoever makes them"),
)
"""Where traces may be that nothing but time takes away, and when it does."""

STAYS = (
    (
        "queue_calls, outbound_calls: times, agents, the id of the call or chat session",
        (
            "as long as the rows; an id leads to the person where they are known by it, on the chat"
            " platform or in the PBX's own records: let them be forgotten there too"
        ),
    ),
)
"""What of the person's rows is not taken away, and what it still tells."""


class Chat(NamedTuple):
    """A chat session of the person; `is_remembered` while a change would name them again."""

    site: str
    session_id: str
    is_remembered: bool


def told(
    found: dict[str, int], chats: Sequence[Chat], notes: list[str], *, is_dry: bool
) -> Outcome:
    """What was found, what is to be done yet, and what goes by itself or stays."""
    verb = "would be removed" if is_dry else "removed"
    lines = [f"{verb} from {where}: {count}" for where, count in found.items()]
    if chats:
        lines += ["", "Chat sessions of the person, on the platform of the account:"]
        lines += [f"  {chat.site} {chat.session_id}" for chat in chats]
    lines += ["", "Goes by itself, and until then can be read by operators only:"]
    lines += [f"  {where}: {when}" for where, when in EXPIRES]
    lines += ["", "Stays:", *(f"  {what}: {why}" for what, why in STAYS)]
    return Outcome(
        data={
            "removed": not is_dry,
            "found": found,
            "notes": notes,
            "chat_sessions": [{"site": chat.site, "session_id": chat.session_id} for chat in chats],
            "expires": [{"where": where, "when": when} for where, when in EXPIRES],
            "stays": [{"what": what, "why": why} for what, why in STAYS],
        },
        text="\n".join([*lines, *(f"note: {note}" for note in notes)]),
    )
