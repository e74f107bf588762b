"""A terminal wallboard: what a call centre does now and did today, read from ClickHouse alone."""
