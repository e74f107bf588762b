"""The boards: typed Python that makes the JSON in `grafana/provisioning/dashboards`.

`python -m grafana` writes the files anew, `--check` tells whether they are fresh. Pages are the
same for every customer: rows are kept apart by ClickHouse; the customer's zone, limits and targets
come from its registry when a page is opened (docs/boards.md, docs/adr/0060).
"""
