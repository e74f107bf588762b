"""Columns that tables of several pages have, each as wide as its table allows."""

from grafana.fields import Column
from grafana.language import Text, same
from grafana.theme import ABANDONMENT, NEUTRAL, POINTS_TO_TARGET, Unit

QUEUE_OF_LINKS = Column("queue", same(""), is_hidden=True)
"""What `destinations.TO_QUEUE` takes of the clicked row."""

AGENT_OF_LINKS = Column("agent", same(""), is_hidden=True)
"""The same of `destinations.TO_AGENT`."""


def service_level(width: int) -> Column:
    """The service level as a bar."""
    return Column("service_level", Text("NS", "SL"), Unit.SHARE, width, 0, NEUTRAL, is_gauge=True)


def to_target(width: int) -> Column:
    """The service level less its target, coloured."""
    title = Text("NS - meta", "SL - target")
    return Column("to_target", title, Unit.SHARE, width, 0, POINTS_TO_TARGET)


def abandonment_rate(width: int) -> Column:
    """The abandonment rate, coloured."""
    title = Text("Abandono", "Abandonment")
    return Column("abandonment_rate", title, Unit.SHARE, width, 1, ABANDONMENT)
