"""ClickHouse's HTTP interface over the embedded engine chdb, for one machine without a server.

Unmodified clickhouse-connect, curl and the Grafana plugin work against it. Readers are kept apart
by row policies of the engine itself, as on a real server (docs/adr/0014). Loopback only, one
process per data path. Not a server for production: no replication, no native protocol.
"""
