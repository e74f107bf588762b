"""The ingest API: authenticates, validates, publishes to Kafka, answers. Gives no meaning."""
