"""The API answers as its own OpenAPI document says, to whatever the document allows, and not.

Requests are made by schemathesis. `OPENAPI_EXAMPLES` says how many for each operation.
"""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest_api.app import create_app
from ingest_api.auth import token_digest
from ingest_api.config import IngestConfig
from ingest_api.token_file import FileTokenRegistry, TokenEntry, add_token
from tests.support.ingest_bodies import SITE, TENANT, TOKEN
from tests.support.memory_publisher import MemoryPublisher

CONFIG = schemathesis.Config.from_dict(
    # Schemathesis does not know that what is too large is wrong, too.
    {
        "checks": {
            "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 413, 415, 422]}
        }
    }
)
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "25"))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> BaseSchema:
    path = tmp_path_factory.mktemp("ingest") / "tokens.json"
    add_token(path, TokenEntry(sha256=token_digest(TOKEN), tenant=TENANT, site=SITE))
    config = IngestConfig("unused:9092", path, requests_per_second_and_token=1_000_000)
    app = create_app(
        config, MemoryPublisher(), FileTokenRegistry(path), chat_publisher=MemoryPublisher()
    )
    return schemathesis.openapi.from_asgi("/openapi.json", without_lifespan(app), config=CONFIG)


def without_lifespan(app: ASGIApp) -> ASGIApp:
    """For schemathesis, which would begin and end the application around each request."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})

    return served


def operations(api: BaseSchema) -> list[APIOperation[Any, Any, Any, Any]]:
    found = []
    for result in api.get_all_operations():
        assert isinstance(result, Ok), result
        found.append(result.ok())
    return found


MODES = {"allowed": GenerationMode.POSITIVE, "not allowed": GenerationMode.NEGATIVE}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
def test_every_operation_keeps_to_the_document(api: BaseSchema, mode: GenerationMode) -> None:
    for operation in operations(api):
        if mode is GenerationMode.NEGATIVE and operation.method == "get":
            continue  # it takes nothing that could be wrong

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def keeps(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(
                headers={"Authorization": f"Bearer {TOKEN}"},
                # What no schema can say is refused, too: a sequence with a hole, another site.
                excluded_checks=[positive_data_acceptance],
            )

        keeps()


def test_no_operation_is_left_out(api: BaseSchema) -> None:
    found = {operation.path for operation in operations(api)}
    assert {"/v1/events", "/healthz", "/readyz", "/metrics"} <= found
