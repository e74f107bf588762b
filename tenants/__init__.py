"""The registry of customers and what keeps them apart in ClickHouse: a command line."""
