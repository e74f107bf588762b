"""The statements for a server with users of its own, which no test here can run."""

from tenants.access_plan import (
    LIMITS,
    PROFILE,
    ROLE,
    Access,
    Grant,
    ReaderUser,
    Setting,
    create_user,
    statements,
    wanted_access,
)
from tenants.schema_objects import SchemaObjects

OBJECTS = SchemaObjects(
    tenant_tables=("queue_calls", "site_tokens"),
    views=("v_queue_calls",),
    closed=("schema_changes", "site_tokens"),
)
NOTHING = Access(has_role=False, grants=frozenset(), policies=frozenset(), profile=None, users={})
WANTED = wanted_access(OBJECTS, {"default"}, {"reader_acme": "a" * 64})


def sql(wanted: Access, present: Access) -> list[str]:
    return [statement.sql for statement in statements(wanted, present)]


def test_a_bare_server_gets_all_rules_and_the_readers_last() -> None:
    every = sql(WANTED, NOTHING)
    assert every[0] == "CREATE ROLE call_centre_reader"
    assert every[1].startswith("CREATE SETTINGS PROFILE `call_centre_reader` SETTINGS ")
    assert "GRANT SELECT ON `callcentre`.`queue_calls` TO call_centre_reader" in every
    assert "GRANT SELECT(`name`) ON `system`.`tables` TO call_centre_reader" in every
    made = (
        f"CREATE USER `reader_acme` IDENTIFIED WITH sha256_hash BY '{'a' * 64}'"
        " DEFAULT DATABASE callcentre SETTINGS PROFILE 'call_centre_reader'"
    )
    assert every[-2:] == [made, "GRANT call_centre_reader TO `reader_acme`"]
    policies = [n for n, text in enumerate(every) if "POLICY" in text]
    grants = [n for n, text in enumerate(every) if text.startswith("GRANT SELECT")]
    assert max(policies) < min(grants)


def test_the_same_rules_need_no_statement() -> None:
    assert sql(WANTED, WANTED) == []


def test_every_tenant_table_has_a_policy_even_if_no_reader_may_select_from_it() -> None:
    for table in ("queue_calls", "site_tokens"):
        named = [text for text in sql(WANTED, NOTHING) if f"ON callcentre.`{table}` FOR" in text]
        assert [text.split()[3] for text in named] == ["operators", "everyone", "readers"]
        operators, everyone, readers = named
        assert operators.endswith("USING 1 AS PERMISSIVE TO `default`")
        assert everyone.endswith("USING 0 AS PERMISSIVE TO ALL")
        assert readers.endswith("AS PERMISSIVE TO `call_centre_reader`")
        assert "currentUser()" in readers


def test_nothing_of_operators_is_granted_and_nothing_wholesale() -> None:
    every = sql(WANTED, NOTHING)
    assert not any("GRANT" in text and "site_tokens" in text for text in every)
    assert not any("*" in text for text in every)
    assert not any("`system`.`tables` TO" in text for text in every if "SELECT ON" in text)


def test_readers_are_read_only_within_limits() -> None:
    (profile,) = [text for text in sql(WANTED, NOTHING) if "SETTINGS PROFILE `" in text]
    assert "`readonly` = 1 CONST" in profile
    assert "`max_execution_time` = 30 MIN 1 MAX 60 CHANGEABLE_IN_READONLY" in profile
    assert "`additional_table_filters` CHANGEABLE_IN_READONLY" in profile


def test_a_changed_profile_is_altered() -> None:
    present = WANTED._replace(profile=LIMITS | {Setting("readonly", "2")})
    (text,) = sql(WANTED, present)
    assert text.startswith(f"ALTER SETTINGS PROFILE `{PROFILE}` SETTINGS ")


def test_what_was_granted_by_hand_is_revoked_before_anything_is_granted() -> None:
    present = WANTED._replace(
        grants=frozenset((Grant("callcentre", "site_tokens"), Grant("system", "parts", "rows"))),
        users={},
    )
    every = sql(WANTED, present)
    assert every[:2] == [
        f"REVOKE SELECT ON `callcentre`.`site_tokens` FROM {ROLE}",
        f"REVOKE SELECT(`rows`) ON `system`.`parts` FROM {ROLE}",
    ]


def test_a_reader_of_a_disabled_tenant_and_a_left_probe_are_removed() -> None:
    present = WANTED._replace(
        users={**WANTED.users, "reader_gone": ReaderUser(""), "reader_acme/1": ReaderUser("")}
    )
    assert sql(WANTED, present) == [
        "DROP USER IF EXISTS `reader_acme/1`",
        "DROP USER IF EXISTS `reader_gone`",
    ]


def test_a_reader_that_was_changed_is_set_right() -> None:
    changed = ReaderUser("b" * 64, frozenset(("default",)), frozenset(("admin",)), True)
    assert sql(WANTED, WANTED._replace(users={"reader_acme": changed})) == [
        "REVOKE ALL ON *.* FROM `reader_acme`",
        "REVOKE `admin` FROM `reader_acme`",
        "ALTER USER `reader_acme` SETTINGS PROFILE 'call_centre_reader'",
        f"ALTER USER `reader_acme` IDENTIFIED WITH sha256_hash BY '{'a' * 64}'",
        "GRANT call_centre_reader TO `reader_acme`",
    ]


def test_a_changed_policy_is_altered() -> None:
    policies = {
        policy._replace(speaks_for=frozenset(("default", "streams")))
        if policy.name == "operators"
        else policy
        for policy in WANTED.policies
    }
    wanted = WANTED._replace(policies=frozenset(policies))
    assert sql(wanted, WANTED) == [
        f"ALTER ROW POLICY operators ON callcentre.`{table}`"
        " FOR SELECT USING 1 AS PERMISSIVE TO `default`, `streams`"
        for table in ("queue_calls", "site_tokens")
    ]


def test_a_digest_is_sent_and_never_told() -> None:
    assert all("a" * 64 not in statement.told for statement in statements(WANTED, NOTHING))


def test_a_passing_user_ends_by_itself() -> None:
    made, _ = create_user("reader_acme/1", "a" * 64, "2030-01-31 12:00:00")
    assert " VALID UNTIL '2030-01-31 12:00:00' DEFAULT DATABASE" in made.sql


def test_names_are_quoted_whatever_is_in_them() -> None:
    wanted = wanted_access(OBJECTS, {"o`x"}, {})
    assert any(text.endswith("TO `o\\`x`") for text in sql(wanted, NOTHING))
