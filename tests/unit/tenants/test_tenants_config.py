from pathlib import Path

import pytest

from tenants.config import config_from
from tenants.errors import WrongInputError

STRONG = "vK3-orbit-velvet-canyon"
URL = f"http://operator:{STRONG}@clickhouse:8123"


def test_what_is_told_is_taken(tmp_path: Path) -> None:
    config = config_from(
        {
            "CLICKHOUSE_URL": URL,
            "CLICKHOUSE_READERS_FILE": str(tmp_path / "readers.json"),
            "CLICKHOUSE_OPERATORS": "streams, ingest",
        }
    )
    assert config.readers_file == tmp_path / "readers.json"
    assert config.operators == ("streams", "ingest")
    assert config.grafana is None


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "CLICKHOUSE_URL is not set"),
        ({"CLICKHOUSE_URL": "http://default@clickhouse:8123"}, "the password in CLICKHOUSE_URL"),
        ({"CLICKHOUSE_URL": "http://u:clickhouse@ch:8123"}, "the password in CLICKHOUSE_URL"),
        (
            {
                "CLICKHOUSE_URL": URL,
                "GRAFANA_URL": "https://grafana.example.com",
                "GRAFANA_ADMIN_PASSWORD": "admin-admin-admin-admin",
            },
            "GRAFANA_ADMIN_PASSWORD looks like an example",
        ),
    ],
)
def test_what_is_missing_or_weak_is_named_and_not_repeated(
    settings: dict[str, str], told: str
) -> None:
    with pytest.raises(WrongInputError, match=told) as refused:
        config_from(settings)
    assert "u:clickhouse" not in str(refused.value)
    assert "admin-admin" not in str(refused.value)
