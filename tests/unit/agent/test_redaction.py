import hashlib
import hmac

import pytest

from agent.redaction import Redaction

KEY = b"made-up tenant key"
LAST_4 = Redaction("last4", KEY)


def test_number_shows_its_last_four_digits() -> None:
    assert LAST_4.number("+5511900000001") == "…0001"


@pytest.mark.parametrize("text", ["", "<unknown>", "anonymous", "101", "6001"])
def test_extensions_and_no_number_are_shown(text: str) -> None:
    assert LAST_4.number(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("joao.silva@example.com", "…"), ("+5511<b>", "…5511"), ("55 11 90000-0001", "…0001")],
)
def test_text_that_is_no_number_keeps_nothing_but_digits(text: str, shown: str) -> None:
    assert LAST_4.number(text) == shown


def test_hash_is_64_bits_of_hmac_over_the_last_eight_digits() -> None:
    expected = hmac.new(KEY, b"00000001", hashlib.sha256).hexdigest()[:16]
    for number in ("+5511900000001", "011900000001", "900000001", "(11) 90000-0001"):
        assert LAST_4.hash(number) == expected


def test_hash_of_another_tenant_differs() -> None:
    number = "+5511900000001"
    assert LAST_4.hash(number) != Redaction("last4", b"another made-up key").hash(number)


@pytest.mark.parametrize("text", ["", "<unknown>", "anonymous"])
def test_nobody_has_no_hash(text: str) -> None:
    assert LAST_4.apply("QueueCallerJoin", {"CallerIDNum": text}) == {"CallerIDNum": text}


def test_full_shows_the_number_beside_the_hash() -> None:
    fields = Redaction("full", KEY).apply("QueueCallerJoin", {"CallerIDNum": "+5511900000001"})
    assert fields == {
        "CallerIDNum": "+5511900000001",
        "CallerHash": LAST_4.hash("+5511900000001"),
    }


def test_none_sends_neither_number_nor_hash() -> None:
    fields = {
        "CallerIDNum": "+5511900000001",
        "Channel": "SIP/+5511900000001-0000000a",
        "DialString": "trunk/5511900000001",
        "DestChannel": "PJSIP/101-0000000b",
    }
    assert Redaction("none", KEY).apply("DialBegin", fields) == {
        "Channel": "SIP/…-0000000a",
        "DialString": "trunk/…",
        "DestChannel": "PJSIP/101-0000000b",
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("PJSIP/101-00000012", "PJSIP/101-00000012"),
        ("PJSIP/+5511900000001-00000012", "PJSIP/…0001-00000012"),
        ("Local/5511900000001@from-queue-00000003;1", "Local/…0001@from-queue-00000003;1"),
        ("DAHDI/i1/5511900000001-1a", "DAHDI/i1/…0001-1a"),
        ("IAX2/trunk-15320", "IAX2/trunk-15320"),
        ("SIP/5511900000001", "SIP/…0001"),
    ],
)
def test_channel_keeps_what_tells_it_from_others(name: str, shown: str) -> None:
    assert LAST_4.channel(name) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("6001", "6001"),
        ("90000-0001", "…0001"),
        ("ligar para 11 90000 0001 hoje", "ligar para …0001 hoje"),
        ("1773147600.17", "1773147600.17"),
        ("pbx1-1773147600.17", "pbx1-1773147600.17"),
    ],
)
def test_numbers_in_text_are_masked(text: str, shown: str) -> None:
    assert LAST_4.text(text) == shown


def test_outbound_call_tells_its_callee() -> None:
    fields = LAST_4.apply("DialBegin", {"DialString": "PJSIP/5511900000002@trunk"})
    assert fields == {
        "DialString": "PJSIP/…0002@trunk",
        "Callee": "…0002",
        "CalleeHash": LAST_4.hash("+5511900000002"),
    }


def test_call_to_an_agents_phone_has_no_callee() -> None:
    assert LAST_4.apply("DialBegin", {"DialString": "IAX2/agent101"}) == {
        "DialString": "IAX2/agent101"
    }


def test_every_value_of_a_repeated_header_is_masked() -> None:
    fields = LAST_4.apply("QueueEntry", {"CallerIDNum": ["+5511900000001", "+5511900000002"]})
    assert fields["CallerIDNum"] == ["…0001", "…0002"]
    assert fields["CallerHash"] == [LAST_4.hash("900000001"), LAST_4.hash("900000002")]


def test_agents_interface_and_times_are_not_numbers_of_callers() -> None:
    fields = {
        "Interface": "Local/5511900000009@from-queue/n",
        "MemberName": "Ana",
        "LastCall": "1773147600",
        "Uniqueid": "1773147600.17",
    }
    assert LAST_4.apply("QueueMemberStatus", fields) == fields
