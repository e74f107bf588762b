"""The statements the panels ask, one module per page, and what they share.

They read views and `kpi_*` functions only, cut time half-open and in the customer's zone, and hold
no division: ratios are formed by `kpi_*` over sums. `docs/adr/0060` says why they look as they do.
"""
