"""The collector's settings file for a site, as agent/config.py reads it."""

from typing import NamedTuple

_FORM = """\
[site]
name = {site}

[ami]
; The user and secret of manager.conf on this PBX; see collector.ini beside the collector.
user = collector
secret =

[ingest]
url = {url}
token = {token}

[privacy]
; How callers' numbers are shown: last4, full or none.
numbers = last4
{key_comment}
key = {key}
"""

_NEW_KEY = "; Links the calls of one caller without the number. The same on all sites of {tenant}."
_OLD_KEY = "; The key that was shown when {tenant} was added: the same on all of its sites."


class CollectorSettings(NamedTuple):
    """What goes in; `privacy_key` is empty if it was shown before, then a person fills it in."""

    tenant: str
    site: str
    ingest_url: str
    token: str
    privacy_key: str


def collector_ini(settings: CollectorSettings) -> str:
    """The text of the file. The AMI secret is the PBX's own and stays to be filled in."""
    comment = _NEW_KEY if settings.privacy_key else _OLD_KEY
    text = _FORM.format(
        site=settings.site,
        url=settings.ingest_url,
        token=settings.token,
        key=settings.privacy_key,
        key_comment=comment.format(tenant=settings.tenant),
    )
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
