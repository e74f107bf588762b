"""`python -m ingest_api.contract`: writes the JSON schema of the wire form from its models."""

from ingest_api.contract.schema import SCHEMA_FILE, schema_text

if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text())
    print(f"wrote {SCHEMA_FILE}")
