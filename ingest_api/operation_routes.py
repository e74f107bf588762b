"""`/healthz`, `/readyz` and `/metrics`, for those who run the service."""

import asyncio
from collections.abc import Sequence

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from ingest_api.metrics import IngestMetrics
from ingest_api.publisher import Publisher


class ReadyAnswer(BaseModel):
    """Whether batches can be stored now."""

    ready: bool
    problems: list[str]


def add_operation_routes(
    app: FastAPI, publishers: Sequence[Publisher], metrics: IngestMetrics
) -> None:
    """Add the three paths. Ready is who can write by all `publishers`."""

    @app.get("/healthz", tags=["operation"], summary="Whether the process answers")
    async def get_health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(
        "/readyz",
        tags=["operation"],
        summary="Whether batches can be stored now",
        responses={
            503: {"model": ReadyAnswer, "description": "They cannot; the problems say why."}
        },
    )
    async def get_readiness(response: Response) -> ReadyAnswer:
        told = await asyncio.gather(*(publisher.problems() for publisher in publishers))
        problems = list(dict.fromkeys(problem for each in told for problem in each))
        if problems:
            response.status_code = 503
        return ReadyAnswer(ready=not problems, problems=problems)

    @app.get(
        "/metrics",
        tags=["operation"],
        summary="Metrics in Prometheus' text format",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}, "description": "All metrics."}},
    )
    async def get_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
