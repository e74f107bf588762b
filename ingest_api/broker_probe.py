"""Asks the broker whether it answers and has the topic, without ever making one."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from ingest_api.kafka_clients import connected

_TIMEOUT_MS = 1_000
_FRESH_S = 1.0
# A little more than what the client itself may take to give up.
_PATIENCE_S = 1.5

NO_ANSWER = "no broker answers at the addresses in KAFKA_BOOTSTRAP"


class BrokerProbe:
    """One question at a time, in a thread of its own; an answer holds for a second."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        """Does not connect yet."""
        self._bootstrap = bootstrap
        self._topic = topic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="broker-probe")
        self._admin: KafkaAdminClient | None = None
        self._question: asyncio.Future[str] | None = None
        self._asked_at = 0.0

    async def problem(self) -> str:
        """What is wrong in one sentence; empty if the broker answers and has the topic."""
        question = self._question
        if question is None or (question.done() and time.monotonic() - self._asked_at > _FRESH_S):
            loop = asyncio.get_running_loop()
            question = self._question = loop.run_in_executor(self._thread, self._ask)
            self._asked_at = time.monotonic()
        try:
            return await asyncio.wait_for(asyncio.shield(question), _PATIENCE_S)
        except TimeoutError:
            return NO_ANSWER

    def close(self) -> None:
        """Let go of the broker; a question that is still under way ends by itself."""
        self._thread.submit(self._disconnect)
        self._thread.shutdown(wait=False)

    def _ask(self) -> str:
        try:
            if self._admin is None:
                self._admin = connected(
                    KafkaAdminClient,
                    self._bootstrap,
                    bootstrap_timeout_ms=_TIMEOUT_MS,
                    request_timeout_ms=_TIMEOUT_MS,
                )
            (topic,) = self._admin.describe_topics([self._topic])
        except KafkaError:
            self._disconnect()
            return NO_ANSWER
        if topic["error_code"]:
            return f"the broker has no topic {self._topic}; `python -m streams topics` makes it"
        return ""

    def _disconnect(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None
