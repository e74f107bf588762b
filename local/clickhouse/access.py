"""The engine's own access rules: roles, grants and row policies, written before it starts.

A reader's handle takes the role `reader` and names its tenant in `log_comment`; the row policy of
every tenant table compares with it. Nothing named means no rows. `log_comment` is used because the
embedded engine has no settings of one's own; the service sets it and refuses it from outside.
"""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from local.clickhouse.system_tables import GUARDED, READABLE, VIEWS_ONLY
from streams.storage.schema_files import DATABASE, SchemaFiles, tenant_tables, view_names
from tenants.reader_access import OPERATORS_ONLY

ADMIN_ROLE = "admin"
READER_ROLE = "reader"
ALL_TENANTS = "*"

_ONLY_ADMIN = f"getSetting('log_comment') = '{ALL_TENANTS}'"
_OWN_ROWS = f"{_ONLY_ADMIN} OR tenant_id = getSetting('log_comment')"


def reader_objects(schema: SchemaFiles) -> tuple[str, ...]:
    """Tables and views a reader may select from; views read with the rights of who asks."""
    names = (*tenant_tables(schema), *view_names(schema))
    return tuple(name for name in names if name not in OPERATORS_ONLY)


def users_xml(schema: SchemaFiles) -> str:
    """The engine's users.xml for this schema."""
    grants = [f"GRANT SELECT ON {DATABASE}.{name}" for name in reader_objects(schema)]
    grants += [f"GRANT SELECT ON system.{name}" for name in (*READABLE, *VIEWS_ONLY)]
    return f"""<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <roles>
    <{ADMIN_ROLE}>{_grants(["GRANT ALL ON *.* WITH GRANT OPTION"])}</{ADMIN_ROLE}>
    <{READER_ROLE}>{_grants(grants)}</{READER_ROLE}>
  </roles>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      {_grants([f"GRANT {ADMIN_ROLE}", f"GRANT {READER_ROLE}"])}
      <databases>
        <{DATABASE}>{_policies(tenant_tables(schema), _OWN_ROWS)}</{DATABASE}>
        <system>{_policies(GUARDED, _ONLY_ADMIN)}{_views_only(view_names(schema))}</system>
      </databases>
    </default>
  </users>
</clickhouse>
"""


def config_xml(users_file: str) -> str:
    """The engine's config.xml: small caches and few threads, for a machine shared with the rest."""
    return f"""<clickhouse>
  <users_config>{escape(users_file)}</users_config>
  <timezone>UTC</timezone>
  <mark_cache_size>67108864</mark_cache_size>
  <background_pool_size>2</background_pool_size>
</clickhouse>
"""


def _views_only(views: Iterable[str]) -> str:
    names = ", ".join(f"'{name}'" for name in views)
    return "".join(
        _policies((table,), f"{_ONLY_ADMIN} OR database != '{DATABASE}' OR {column} IN ({names})")
        for table, column in VIEWS_ONLY.items()
    )


def _grants(statements: Iterable[str]) -> str:
    queries = "".join(f"<query>{escape(statement)}</query>" for statement in statements)
    return f"<grants>{queries}</grants>"


def _policies(tables: Iterable[str], condition: str) -> str:
    return "".join(f"<{table}><filter>{escape(condition)}</filter></{table}>" for table in tables)
