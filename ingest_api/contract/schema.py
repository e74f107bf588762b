"""The JSON schema of the wire form, generated from the models and committed."""

import json
from pathlib import Path

from ingest_api.contract.events import WireBatch

SCHEMA_FILE = Path(__file__).with_name("event_batch_v1.schema.json")


def schema_text() -> str:
    """What the file must hold."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **WireBatch.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
