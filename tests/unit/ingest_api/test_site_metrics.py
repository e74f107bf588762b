import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ingest_api.auth import SiteIdentity
from ingest_api.site_metrics import SiteMetrics

SITE = SiteIdentity("acme", "pbx-01")


def shown(sites: SiteMetrics) -> list[str]:
    registry = CollectorRegistry()
    registry.register(sites)
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_a_site_is_shown_with_its_last_heartbeat() -> None:
    sites = SiteMetrics()
    sites.seen(SITE, 1_773_147_600_500, 1_773_147_600_000)
    sites.heartbeat(
        SITE,
        {
            "spool_events": "120",
            "spool_age_ms": "4500",
            "events_dropped_disk_full": "7",
            "reconnects": "2",
            "unknown": "x",
        },
    )
    assert shown(sites) == [
        'collector_last_seen_timestamp_seconds{site="pbx-01",tenant="acme"} 1.7731476005e+09',
        'collector_clock_skew_seconds{site="pbx-01",tenant="acme"} -0.5',
        'collector_spool_events{site="pbx-01",tenant="acme"} 120.0',
        'collector_reconnects_total{site="pbx-01",tenant="acme"} 2.0',
        'collector_spool_age_seconds{site="pbx-01",tenant="acme"} 4.5',
        'collector_events_dropped_total{reason="disk_full",site="pbx-01",tenant="acme"} 7.0',
        "ingest_sites_forgotten_total 0.0",
        "ingest_heartbeat_values_unreadable_total 0.0",
    ]


def test_a_later_batch_without_heartbeat_keeps_the_counts() -> None:
    sites = SiteMetrics()
    sites.seen(SITE, 1000, 1000)
    sites.heartbeat(SITE, {"open_calls": "3"})
    sites.seen(SITE, 2000, 2000)
    assert 'collector_open_calls{site="pbx-01",tenant="acme"} 3.0' in shown(sites)


def test_values_that_are_no_number_are_counted() -> None:
    sites = SiteMetrics()
    sites.seen(SITE, 1000, 1000)
    sites.heartbeat(SITE, {"spool_events": "-1", "open_calls": ["1"], "reconnects": "9" * 400})
    assert "ingest_heartbeat_values_unreadable_total 3.0" in shown(sites)
    assert not [line for line in shown(sites) if "collector_reconnects_total" in line]


def test_sites_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest_api.site_metrics.MAX_SITES", 2)
    sites = SiteMetrics()
    for name in ("a", "b", "a", "c"):
        sites.seen(SiteIdentity("acme", name), 1000, 1000)
    seen = [line for line in shown(sites) if line.startswith("collector_last_seen")]
    assert [line.split('"')[1] for line in seen] == ["a", "c"]
    assert "ingest_sites_forgotten_total 1.0" in shown(sites)
