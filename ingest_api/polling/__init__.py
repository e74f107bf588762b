"""Asks chat platforms for what their webhooks did not tell: `python -m ingest_api poll`."""
