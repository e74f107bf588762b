"""How an account of a platform is connected: what its owner is told to do there."""

from typing import NamedTuple


class Channel(NamedTuple):
    """`steps` are done on the platform, with the webhook's address at hand.

    `base_url` is where its API is asked if nothing else is said; empty if it is not asked.
    `token_steps` tell where the API's token is made, and are left out then.
    """

    title: str
    steps: tuple[str, ...]
    base_url: str = ""
    token_steps: tuple[str, ...] = ()
