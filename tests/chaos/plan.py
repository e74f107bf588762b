"""What one run is to be: how many sites, events and kills, and how long it takes."""

from dataclasses import dataclass
from pathlib import Path

TENANT = "acme"

SHORT_SITES = 6
SHORT_EVENTS = 8_000
SHORT_KILLS = 8

# What one simulated PBX says at speed 1 in a busy hour, as events that leave it, measured.
_EVENTS_PER_S_AND_SPEED = 1.95
_SECONDS_PER_KILL = 4.6
_SHORT_SHIFT_S = 14.0


@dataclass(frozen=True)
class Plan:
    """One run. `broker` is `embedded`, `apache` or the address of a Kafka."""

    directory: Path
    seed: int
    sites: int = 20
    events: int = 100_000
    kills: int = 50
    broker: str = "embedded"
    speed: float = 30.0
    live_sites: int = 7
    is_short: bool = False

    @property
    def live(self) -> list[str]:
        """Sites with a simulated PBX and a collector; the first one's spool is filled."""
        return [f"pbx-{number:02}" for number in range(1, self.live_sites + 1)]

    @property
    def direct(self) -> list[str]:
        """Sites whose events an independent program posts straight to the API."""
        return [f"direct-{number:02}" for number in range(self.live_sites + 1, self.sites + 1)]

    @property
    def shift_s(self) -> float:
        """From the first fault of the script to the last one, unless they take longer."""
        return _SHORT_SHIFT_S if self.is_short else max(30.0, self.kills * _SECONDS_PER_KILL)

    @property
    def open_s(self) -> float:
        """How long callers come: a little longer than the script lasts."""
        return 1.1 * self.shift_s

    @property
    def direct_events(self) -> int:
        """Events for each of the direct sites, so that all together are as many as asked for."""
        live = self.open_s * self.speed * _EVENTS_PER_S_AND_SPEED * self.live_sites
        return max(200, round((self.events - 0.85 * live) / max(1, len(self.direct))))

    @property
    def lost_one_in(self) -> int:
        """Of so many messages between broker and worker one is lost, and another repeated."""
        return 10 if self.is_short else 40

    @property
    def fills_spool(self) -> bool:
        """Whether the shift is long enough to fill a spool's smallest quota."""
        return not self.is_short
