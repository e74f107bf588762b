"""The collector before a TLS server with a private authority: real handshakes on loopback."""

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.check import check
from agent.config import load
from agent.delivery import Delivery
from agent.errors import ConfigError
from agent.event import Event
from agent.ingest_client import IngestClient
from agent.spool import Spool
from tests.support.fake_ingest import TOKEN, fake_ingest

NOW = 1_773_147_600_000
HERE = "subjectAltName=IP:127.0.0.1"
ELSEWHERE = "subjectAltName=DNS:ingest.example.com"


class Authority(NamedTuple):
    """A certificate authority of a customer's own: its certificate, and where its key is."""

    certificate: Path
    key: Path


def authority(folder: Path, name: str) -> Authority:
    made = Authority(folder / f"{name}.pem", folder / f"{name}.key")
    openssl("req", "-x509", "-subj", f"/CN={name}", *key_out(made.key), "-out", made.certificate)
    return made


def server(folder: Path, name: str, signer: Authority, alternative: str, days: int = 2) -> Path:
    """A server's certificate by `signer`, with its key in the same file."""
    key, request, signed = (folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
    openssl("req", "-new", "-subj", "/CN=ingest", *key_out(key), "-out", request)
    extensions = folder / f"{name}.ext"
    extensions.write_text(alternative)
    openssl(
        *("x509", "-req", "-in", request, "-CA", signer.certificate, "-CAkey", signer.key),
        *("-CAcreateserial", "-days", str(days), "-extfile", extensions, "-out", signed),
    )
    both = folder / f"{name}.pem"
    both.write_text(key.read_text() + signed.read_text())
    return both


def key_out(key: Path) -> tuple[str | Path, ...]:
    return ("-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", key)


def openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authorities")


@pytest.fixture(scope="module")
def own(folder: Path) -> Authority:
    return authority(folder, "own")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """One event waits in it."""
    waiting = Spool(str(tmp_path / "spool.db"), 1024 * 1024, NOW)
    waiting.append([Event(NOW, "ami", "Hangup", {"Uniqueid": "1.1"})])
    return waiting


def trouble(certificate: Path, ca_file: str, spool: Spool) -> str:
    """What a delivery to this server complains of; empty if the batch arrived."""
    with fake_ingest(certificate) as ingest:
        client = IngestClient(ingest.url, TOKEN, ca_file)
        sender = Delivery("pbx-01", spool, client)
        sender.step()
        client.close()
        assert ingest.requests == (0 if sender.last_trouble else 1)
        return sender.last_trouble


def test_a_private_authority_is_accepted_where_it_is_named(
    folder: Path, own: Authority, spool: Spool
) -> None:
    certificate = server(folder, "here", own, HERE)
    assert trouble(certificate, str(own.certificate), spool) == ""


def test_without_its_file_nothing_is_sent(folder: Path, own: Authority, spool: Spool) -> None:
    told = trouble(server(folder, "unnamed", own, HERE), "", spool)
    assert "certificate verify failed" in told


def test_another_authority_of_the_same_name_is_refused(
    folder: Path, own: Authority, spool: Spool, tmp_path: Path
) -> None:
    forged = server(folder, "forged", authority(tmp_path, "own"), HERE)
    assert "certificate verify failed" in trouble(forged, str(own.certificate), spool)


def test_a_certificate_of_another_host_is_refused(
    folder: Path, own: Authority, spool: Spool
) -> None:
    told = trouble(server(folder, "elsewhere", own, ELSEWHERE), str(own.certificate), spool)
    assert "certificate verify failed" in told
    assert "not valid for '127.0.0.1'" in told


def test_check_says_in_one_sentence_what_is_wrong(folder: Path, own: Authority) -> None:
    with fake_ingest(server(folder, "checked", own, HERE)) as ingest:
        environment = {
            "COLLECTOR_SITE_NAME": "pbx-01",
            "COLLECTOR_AMI_PORT": "1",
            "COLLECTOR_AMI_USER": "collector",
            "COLLECTOR_AMI_SECRET": "made-up secret",
            "COLLECTOR_INGEST_URL": ingest.url,
            "COLLECTOR_INGEST_TOKEN": TOKEN,
            "COLLECTOR_PRIVACY_KEY": "made-up tenant key",
        }
        told = {}
        for ca_file in ("", str(own.certificate)):
            named = {"COLLECTOR_INGEST_CA_FILE": ca_file}
            settings = load("/nowhere", {**environment, **named}, is_required=False)
            findings = {finding.name: finding for finding in check(settings, listen_s=0.0)}
            told[ca_file] = findings["ingest"]
    assert told[""].status == "wrong"
    assert "certificate verify failed" in told[""].sentence
    assert told[str(own.certificate)].status == "ok"


def test_a_file_without_certificates_is_refused_at_the_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    environment = {
        "COLLECTOR_SITE_NAME": "pbx-01",
        "COLLECTOR_AMI_USER": "collector",
        "COLLECTOR_AMI_SECRET": "made-up secret",
        "COLLECTOR_INGEST_URL": "https://ingest.example.com",
        "COLLECTOR_INGEST_TOKEN": TOKEN,
        "COLLECTOR_PRIVACY_KEY": "made-up tenant key",
        "COLLECTOR_INGEST_CA_FILE": str(empty),
    }
    with pytest.raises(ConfigError, match="ca_file holds no certificates"):
        load("/nowhere", environment, is_required=False)
