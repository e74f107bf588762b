"""The one state record of a site."""

import msgspec


class SiteState(msgspec.Struct, array_like=True):
    """Everything the fold knows of one site."""

    tenant_id: str
    site: str


def new_site_state(tenant_id: str, site: str) -> SiteState:
    """The state of a site of which nothing was seen yet."""
    return SiteState(tenant_id, site)
