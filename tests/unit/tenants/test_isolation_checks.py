import pytest

from tenants.isolation_checks import Check, Expected, checks, without_policy
from tenants.reader_request import Answer
from tenants.schema_objects import SchemaObjects
from tenants.verify_access import is_met

OBJECTS = SchemaObjects(
    tenant_tables=("queue_calls", "site_tokens"),
    views=("v_queue_calls",),
    closed=("schema_changes", "site_tokens"),
    texts={"queue_calls": ("queue", "caller"), "site_tokens": ("site",)},
)


def test_every_object_is_tried() -> None:
    every = list(checks("acme", OBJECTS))
    for name in ("queue_calls", "v_queue_calls"):
        counted = f"SELECT countIf(tenant_id != 'acme') FROM callcentre.{name}"
        assert any(check.statement == counted for check in every)
    for name in OBJECTS.closed:
        statement = f"SELECT count() FROM callcentre.{name}"
        assert [c.expected for c in every if c.statement == statement] == [Expected.REFUSED]


def test_words_of_tables_that_are_open_are_tried_with_a_function_that_fails_at_a_longer_one() -> (
    None
):
    assert [check for check in checks("acme", OBJECTS) if "toFixedString" in check.statement] == [
        Check(
            "SELECT countIf(ignore("
            "toFixedString(queue, (SELECT max(length(queue)) + 1 FROM callcentre.queue_calls)), "
            "toFixedString(caller, (SELECT max(length(caller)) + 1 FROM callcentre.queue_calls))"
            ")) FROM callcentre.queue_calls",
            Expected.ZERO,
        )
    ]


def test_no_statement_names_a_value_of_another_tenant_or_destroys_anything() -> None:
    for check in checks("acme", OBJECTS):
        for word in ("DELETE", "INSERT"):
            assert word not in check.statement or check.statement.endswith("WHERE 0")
        assert "TRUNCATE" not in check.statement


def test_a_user_without_a_policy_is_to_see_nothing_of_any_table() -> None:
    assert [check.statement for check in without_policy(OBJECTS)] == [
        "SELECT count() FROM callcentre.queue_calls",
        "SELECT count() FROM callcentre.site_tokens",
    ]


@pytest.mark.parametrize(
    ("expected", "answer", "is_right"),
    [
        (Expected.ZERO, Answer("0"), True),
        (Expected.ZERO, Answer("1"), False),
        (Expected.ZERO, Answer(""), False),
        (Expected.ZERO, Answer("", 497), False),
        (Expected.ZERO_OR_REFUSED, Answer("", 497), True),
        (Expected.ZERO_OR_REFUSED, Answer("0"), True),
        (Expected.ZERO_OR_REFUSED, Answer("7"), False),
        (Expected.ZERO_OR_REFUSED, Answer("", 395), False),
        (Expected.REFUSED, Answer("", 497), True),
        (Expected.REFUSED, Answer("", 0), False),
        (Expected.REFUSED, Answer("0"), False),
        (Expected.REFUSED, Answer(""), False),
        (Expected.ONE, Answer("1"), True),
        (Expected.ONE, Answer("0"), False),
    ],
)
def test_what_must_come_of_a_statement(expected: Expected, answer: Answer, is_right: bool) -> None:
    assert is_met(expected, answer) is is_right
