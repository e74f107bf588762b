from collections.abc import Sequence

from streams.app import create_app
from streams.config import StreamsConfig, TopicsConfig
from streams.domain.facts import Fact
from streams.names import APP_ID, SITE_CHANGELOG, SITE_TABLE
from streams.storage.rows import RawBatch, SiteSnapshot

CONFIG = StreamsConfig(TopicsConfig("127.0.0.1:1, 127.0.0.1:2", partitions=7), "http://unused:1")


class NoWriter:
    def write(
        self,
        facts: Sequence[Fact],
        batches: Sequence[RawBatch],
        snapshots: Sequence[SiteSnapshot] = (),
    ) -> None:
        raise AssertionError(f"{facts}, {batches}, {snapshots} of nobody")


async def test_the_changelog_has_the_name_under_which_its_topic_is_made() -> None:
    table = create_app(CONFIG, NoWriter()).tables[SITE_TABLE]

    assert table.changelog_topic.get_topic_name() == SITE_CHANGELOG
    assert table.changelog_topic.partitions == 7


async def test_every_broker_is_known() -> None:
    app = create_app(CONFIG, NoWriter())

    assert [str(url) for url in app.conf.broker] == ["kafka://127.0.0.1:1", "kafka://127.0.0.1:2"]
    assert app.conf.id == APP_ID


async def test_a_silent_clickhouse_costs_no_membership() -> None:
    """Ten minutes without a fetch are far from what the group tolerates."""
    app = create_app(CONFIG, NoWriter())

    assert app.conf.broker_max_poll_interval > 24 * 3600


async def test_the_session_fits_into_a_request() -> None:
    """Faust refuses to start a consumer otherwise."""
    config = StreamsConfig(CONFIG.topics, "http://unused:1", session_timeout_s=300)
    app = create_app(config, NoWriter())

    assert app.conf.broker_session_timeout < app.conf.broker_request_timeout
