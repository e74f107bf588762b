"""The double is a publisher: it does what the real one does."""

import pytest

from tests.support.memory_publisher import MemoryPublisher
from tests.support.publisher_behaviour import (
    MAX_IN_FLIGHT_BYTES,
    PublisherBehaviour,
    PublisherUnderTest,
)


class TestMemoryPublisher(PublisherBehaviour):
    @pytest.fixture
    def under_test(self) -> PublisherUnderTest:
        publisher = MemoryPublisher(MAX_IN_FLIGHT_BYTES)

        def away(is_away: bool) -> None:
            publisher.is_away = is_away

        return PublisherUnderTest(
            publisher,
            go_away=lambda: away(True),
            come_back=lambda: away(False),
            written=lambda: publisher.written,
        )
