"""How the Asterisk versions differ in what they write on AMI."""

from typing import NamedTuple


class Dialect(NamedTuple):
    """One version, as configured at one site."""

    asterisk: str
    banner: str
    technology: str = "PJSIP"
    has_timestamps: bool = True
    """`timestampevents = yes`: every broadcast event carries `Timestamp`."""
    system_name: str = ""
    """`systemname`: prefixes every Uniqueid and is told in every broadcast event."""
    has_member_times: bool = True
    """LastPause, LoginTime and Wrapuptime of members; QueueParams' ServicelevelPerf2."""
    has_pause_reason_header: bool = False
    """QueueMemberPause repeats the reason in a header `Reason`."""
    has_dial_state: bool = True


DIALECTS = {
    "13": Dialect(
        "13.38.3",
        "2.10.6",
        technology="SIP",
        has_member_times=False,
        has_pause_reason_header=True,
        has_dial_state=False,
    ),
    "16": Dialect("16.30.1", "5.0.5", has_pause_reason_header=True),
    "18": Dialect("18.26.4", "7.0.3"),
    "22": Dialect("22.10.1", "11.0.0"),
}
