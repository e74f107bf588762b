"""Ingest as one writes it at first: FastAPI, a pydantic model, one acknowledged send per event.

The baseline of `bench.ingest`, served as the product is (uvicorn, uvloop, httptools).
`python -m bench.naive_ingest PORT`, with KAFKA_BOOTSTRAP in the environment.
"""

import os
import sys

import uvicorn
from fastapi import FastAPI
from kafka import KafkaProducer

from ingest_api.contract.events import WireBatch
from ingest_api.contract.topics import PBX_EVENTS
from local.process import LOOPBACK


def create_naive_app(bootstrap: str) -> FastAPI:
    """The application; it connects at once."""
    app = FastAPI()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")

    @app.get("/readyz")
    def get_readiness() -> dict[str, bool]:
        return {"ready": True}

    # No coroutine: FastAPI runs it in a thread, where waiting for the broker is allowed.
    @app.post("/v1/events", status_code=202)
    def post_events(batch: WireBatch) -> dict[str, int]:
        key = batch.site.encode()
        for event in batch.events:
            producer.send(PBX_EVENTS, key=key, value=event.model_dump_json().encode()).get(10)
        return {"accepted": len(batch.events)}

    return app


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    (port,) = arguments
    app = create_naive_app(os.environ["KAFKA_BOOTSTRAP"])
    uvicorn.run(
        app,
        host=LOOPBACK,
        port=int(port),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
