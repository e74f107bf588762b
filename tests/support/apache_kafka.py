"""Apache Kafka itself for tests: one broker in KRaft mode, its jars from Maven's registry.

The jars are brought once into `build/` (`make clean` removes them). The broker keeps its log in a
directory: killed and started again, it has what it acknowledged, because the pages of the operating
system outlive the process.
"""

import base64
import fcntl
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

from local import broker
from local.process import LOOPBACK, ROOT, Child, free_port

VERSION = "4.3.1"
_ARTIFACT = "org.apache.kafka:kafka_2.13"
_CACHE = ROOT / "build" / f"apache-kafka-{VERSION}"
_FETCHED_WITHIN_S = 240.0
_FORMATTED_WITHIN_S = 60.0
_UP_WITHIN_S = 60.0
# A broker that lives for minutes on two shared cores: quick to start rather than quick to run.
_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version>
  </dependency></dependencies>
</project>
"""
_PLACES = """\
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
log.dirs={data}
"""
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=3000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""
_LOGGING = """\
status = warn
appender.console.type = Console
appender.console.name = STDOUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c %m%n
rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = STDOUT
"""


class KafkaMissingError(Exception):
    """Apache Kafka cannot be had here; the text says why in one sentence."""


def fetch_jars() -> Path:
    """The directory of Kafka's jars, brought there unless it is there already.

    Raises KafkaMissingError without java or mvn, or if the registry does not give them.
    """
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise KafkaMissingError(f"there is no {program}")
    _CACHE.parent.mkdir(exist_ok=True)
    with (_CACHE.parent / "apache-kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes run side by side
        if not _CACHE.exists():
            _fetch()
    return _CACHE


def _fetch() -> None:
    with tempfile.TemporaryDirectory(dir=_CACHE.parent) as name:
        directory = Path(name)
        group, artifact = _ARTIFACT.split(":")
        pom = directory / "pom.xml"
        pom.write_text(_POM.format(group=group, name=artifact, version=VERSION))
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
        try:
            subprocess.run(
                [*command, f"-DoutputDirectory={directory / 'jars'}"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                timeout=_FETCHED_WITHIN_S,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise KafkaMissingError(f"mvn does not bring {_ARTIFACT}:{VERSION}: {error}") from error
        (directory / "jars").rename(_CACHE)


class ApacheKafka:
    """One broker that can be started, killed and started again on the same log and ports."""

    def __init__(self, directory: Path, settings: str = "") -> None:
        """Formats its storage in `directory`, new or empty.

        `settings` are those of a deployment, taken but for hosts, ports and paths; else a test's.
        Raises KafkaMissingError if there are no jars, ChildFailedError if it cannot be formatted.
        """
        self._jars = fetch_jars()
        self._directory = directory.absolute()
        self._directory.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.bootstrap = f"{LOOPBACK}:{port}"
        places = _PLACES.format(
            host=LOOPBACK, port=port, controller=free_port(), data=self._directory / "data"
        )
        # Of a setting that is there twice the last one holds.
        text = f"{settings or _SETTINGS}\n{places}"
        (self._directory / "server.properties").write_text(text)
        (self._directory / "log4j2.properties").write_text(_LOGGING)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        formatting = self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c")
        formatting.finish(_FORMATTED_WITHIN_S)

    def start(self) -> Child:
        """The broker's process; it answers when this returns. Raises ChildFailedError."""
        child = self.launch()
        child.wait_until(lambda: broker.answers(self.bootstrap), _UP_WITHIN_S)
        return child

    def launch(self) -> Child:
        """The broker's process; it may not answer yet."""
        return self._java("kafka.Kafka")

    def _java(self, *words: str) -> Child:
        command = [
            *("java", *_JVM, "-cp", f"{self._jars}/*"),
            f"-Dlog4j2.configurationFile={self._directory / 'log4j2.properties'}",
            *words,
            str(self._directory / "server.properties"),
        ]
        return Child("Apache Kafka", command, self._directory / "kafka.log")
