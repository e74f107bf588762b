"""Streams: events of a site in, facts in ClickHouse out."""
