"""One published batch of one site through the interpreter and the fold.

The only way anything is folded: the Faust processor, a rebuild, `python -m local fold`, the bench
and the tests all come through here.
"""

import enum

from ingest_api.contract.published import PublishedBatch
from streams.domain.facts import Fact
from streams.domain.site_state import SiteState


class Continuity(enum.Enum):
    """How a batch joins on to what a site's state has already seen."""

    CONTINUES = "continues"
    REPEATED = "repeated"
    JUMPED = "jumped"


def continuity(state: SiteState, batch: PublishedBatch) -> Continuity:
    """Whether the batch continues the site's sequence, only repeats it, or jumps over something.

    A jump that a `gap` event of the batch explains continues.
    """
    raise NotImplementedError


def fold_batch(state: SiteState, batch: PublishedBatch) -> list[Fact]:
    """Applies what is new in the batch to the state (in place) and returns the changed facts.

    A jump is folded with a coverage gap of reason `not_delivered`; whoever can rewind asks
    `continuity` first.
    """
    raise NotImplementedError
