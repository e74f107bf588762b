"""Channels and the header blocks that Asterisk writes of them."""

from typing import Literal

UNKNOWN = "<unknown>"

_DESCRIPTIONS = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}

Role = Literal[
    "",
    "Dest",
    "Transferer",
    "Transferee",
    "OrigTransferer",
    "SecondTransferer",
    "TransferTarget",
    "LocalOne",
    "LocalTwo",
]


class Channel:
    """One channel. `at` says when it was made, in milliseconds since the epoch."""

    __slots__ = (
        "_blocks",
        "_state",
        "application",
        "application_data",
        "at",
        "bridge",
        "context",
        "exten",
        "linkedid",
        "name",
        "party",
        "priority",
        "uniqueid",
    )

    def __init__(
        self,
        name: str,
        uniqueid: str,
        linkedid: str,
        at: int,
        state: int = 0,
        *,
        party: tuple[str, str, str, str] = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        context: str,
        exten: str,
    ) -> None:
        """`party`: caller number and name, connected number and name."""
        self.name = name
        self.uniqueid = uniqueid
        self.linkedid = linkedid
        self.at = at
        self._state = state
        self.party = party
        self.context = context
        self.exten = exten
        self.priority = 1
        self.application = ""
        self.application_data = ""
        self.bridge = ""
        self._blocks: dict[Role, str] = {}

    @property
    def state(self) -> int:
        """Asterisk's number of the state: 0 down, 4 ring, 5 ringing, 6 up."""
        return self._state

    def change(
        self,
        *,
        state: int | None = None,
        party: tuple[str, str, str, str] | None = None,
        place: tuple[str, str, int] | None = None,
    ) -> None:
        """Change state, parties, or place in the dialplan (context, extension, priority)."""
        if state is not None:
            self._state = state
        if party is not None:
            self.party = party
        if place is not None:
            self.context, self.exten, self.priority = place
        self._blocks.clear()

    def block(self, role: Role = "") -> str:
        """The channel's headers, each with `role` in front."""
        text = self._blocks.get(role)
        if text is None:
            text = self._blocks[role] = self._write(role)
        return text

    def _write(self, role: str) -> str:
        number, name, connected_number, connected_name = self.party
        return (
            f"{role}Channel: {self.name}\r\n"
            f"{role}ChannelState: {self._state}\r\n"
            f"{role}ChannelStateDesc: {_DESCRIPTIONS[self._state]}\r\n"
            f"{role}CallerIDNum: {number}\r\n"
            f"{role}CallerIDName: {name}\r\n"
            f"{role}ConnectedLineNum: {connected_number}\r\n"
            f"{role}ConnectedLineName: {connected_name}\r\n"
            f"{role}Language: pt_BR\r\n"
            f"{role}AccountCode: \r\n"
            f"{role}Context: {self.context}\r\n"
            f"{role}Exten: {self.exten}\r\n"
            f"{role}Priority: {self.priority}\r\n"
            f"{role}Uniqueid: {self.uniqueid}\r\n"
            f"{role}Linkedid: {self.linkedid}\r\n"
        )


def bridge_block(uniqueid: str, channels: int, role: str = "") -> str:
    """The headers of a bridge with so many channels in it."""
    return (
        f"{role}BridgeUniqueid: {uniqueid}\r\n"
        f"{role}BridgeType: basic\r\n"
        f"{role}BridgeTechnology: simple_bridge\r\n"
        f"{role}BridgeCreator: {UNKNOWN}\r\n"
        f"{role}BridgeName: {UNKNOWN}\r\n"
        f"{role}BridgeNumChannels: {channels}\r\n"
        f"{role}BridgeVideoSourceMode: none\r\n"
    )
