"""`replay`: sends recorded connections as if they were heard now, with the times they had then.

For demonstrations and for moving a site's past in. The site is the configured one; the recording
gets a spool of its own, whose id comes from the recording, so that sending it twice counts once.
"""

import hashlib
import itertools
import os
import tempfile
import time
import uuid
from typing import Callable, List

from agent import __version__
from agent.capture import Recording, events, find
from agent.config import CollectorConfig
from agent.delivery import Delivery
from agent.event import Event
from agent.ingest_client import IngestClient
from agent.redaction import Redaction
from agent.spool import Spool
from agent.transcript import Transcript

CHUNK_EVENTS = 5000
SPOOL_MAX_BYTES = 64 * 1024 * 1024


def replay(config: CollectorConfig, path: str, progress: Callable[[int], None]) -> int:
    """Sends all of a capture, waiting out whatever keeps the API from taking it.

    `progress` is told how many events have arrived, after each batch. Returns how many there were.
    Raises CaptureError before anything is sent.
    """
    recordings = find(path)
    client = IngestClient(config.ingest_url, config.ingest_token, config.ca_file)
    transcript = Transcript(Redaction(config.numbers, config.privacy_key))
    started = Event(
        recordings[0].pieces[0].received_ms, "collector", "started", {"version": __version__}
    )
    with tempfile.TemporaryDirectory() as directory:
        spool = Spool(
            os.path.join(directory, "replay.db"),
            SPOOL_MAX_BYTES,
            int(time.time() * 1000),
            spool_id=_spool_id(recordings, config.site),
        )
        delivery = Delivery(config.site, spool, client)
        told = itertools.chain([started], events(recordings, transcript))
        while True:
            chunk = list(itertools.islice(told, CHUNK_EVENTS))
            if not chunk:
                break
            spool.append(chunk)
            while spool.events:
                time.sleep(delivery.step())
                progress(delivery.delivered_events)
        spool.close()
        client.close()
        return delivery.delivered_events


def _spool_id(recordings: List[Recording], site: str) -> str:
    digest = hashlib.sha256(site.encode("utf-8"))
    for recording in recordings:
        with open(recording.path, "rb") as file:
            for block in iter(lambda: file.read(65536), b""):
                digest.update(block)
    return str(uuid.UUID(bytes=digest.digest()[:16], version=4))
