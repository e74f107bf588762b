"""What the keys of a request's URL mean: control of the exchange, query parameters, settings.

As ClickHouse does, every unknown key is a setting. The admin may set all but the two that carry the
isolation; readers only those that cannot widen what they see or cost.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from local.clickhouse.errors import RequestError, access_denied, bad_request
from local.clickhouse.users import User

_CONTROL = frozenset(
    (
        "add_http_cors_header",
        "buffer_size",
        "client_protocol_version",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "framing",
        "http_headers_progress_interval_ms",
        "http_write_exception_in_output_format",
        "password",
        "query",
        "query_id",
        "quota_key",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "stacktrace",
        "user",
        "wait_end_of_query",
    )
)

_OURS = frozenset(("log_comment", "readonly", "role"))
"""Carry the isolation: only the service sets them."""

_FOR_READERS = frozenset(
    (
        "allow_experimental_dynamic_type",
        "allow_experimental_json_type",
        "allow_experimental_variant_type",
        "cancel_http_readonly_queries_on_client_close",
        "date_time_input_format",
        "date_time_output_format",
        "extremes",
        "join_use_nulls",
        "limit",
        "max_block_size",
        "max_execution_time",
        "max_result_rows",
        "max_threads",
        "offset",
        "output_format_json_quote_64bit_integers",
        "output_format_native_use_flattened_dynamic_and_json_serialization",
        "result_overflow_mode",
        "session_timezone",
        "timeout_overflow_mode",
        "use_time_zone",
    )
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = "param_"


class RequestOptions(NamedTuple):
    """Keys of a URL, sorted: `parameters` without their prefix, `settings` ready for SET."""

    parameters: dict[str, str]
    settings: dict[str, str]


def request_options(user: User, keys: Mapping[str, str]) -> RequestOptions:
    """Parameters and settings of a request.

    A reader's `readonly` is dropped, since it is set anyway; Grafana sends it. Raises RequestError
    if a setting is not for this user or not a name.
    """
    parameters: dict[str, str] = {}
    settings: dict[str, str] = {}
    for key, value in keys.items():
        if key in _CONTROL:
            continue
        if key.startswith(_PARAMETER):
            parameters[key.removeprefix(_PARAMETER)] = value
        elif key == "readonly" and user.tenant is not None:
            continue
        else:
            _check_setting(user, key)
            settings[key] = value
    return RequestOptions(parameters, settings)


def _check_setting(user: User, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise bad_request("a key of the URL is no name of a setting")
    if name in _OURS:
        raise access_denied(f"setting {name} is set by the service alone")
    if user.tenant is not None and name not in _FOR_READERS:
        raise RequestError(164, "READONLY", f"Cannot modify '{name}' setting in readonly mode.")
