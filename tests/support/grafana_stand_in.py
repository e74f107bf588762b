"""The Grafana stand-in with all of its routes: see grafana_server.py for what it is."""

from tests.support import grafana_alerting_routes, grafana_routes
from tests.support.grafana_server import ADMIN, PASSWORD, ROUTES, GrafanaStandIn, serving

__all__ = ("ADMIN", "PASSWORD", "GrafanaStandIn", "serving")

# They have added themselves when they were imported.
assert {route.handler.__module__ for route in ROUTES} == {
    grafana_alerting_routes.__name__,
    grafana_routes.__name__,
}
