"""Headers, encodings and errors of answers, as ClickHouse's clients read them."""

import json
import time
from collections.abc import Mapping

from starlette.responses import Response

from local.clickhouse.compression import Compressor, compressor, framed
from local.clickhouse.errors import error_code, error_text, http_status
from local.clickhouse.execution import Answer

_EXCEPTION_TAG = "chdbembeddedtag0"

_CONTENT_TYPES = {
    "csv": "text/csv; charset=UTF-8",
    "json": "application/json; charset=UTF-8",
    "jsoncompact": "application/json; charset=UTF-8",
    "jsoneachrow": "application/x-ndjson; charset=UTF-8",
    "tabseparated": "text/tab-separated-values; charset=UTF-8",
    "tsv": "text/tab-separated-values; charset=UTF-8",
}


class Encoding:
    """How one answer is encoded; stateful, so one per answer."""

    def __init__(self, name: str, compressor: Compressor | None, *, is_framed: bool) -> None:
        """`name` is the Content-Encoding, empty if there is none."""
        self.name = name
        self._compressor = compressor
        self._is_framed = is_framed

    def encode(self, data: bytes) -> bytes:
        """What is sent for this piece; may be empty."""
        if self._is_framed:
            return framed(data)
        return self._compressor.compress(data) if self._compressor else data

    def end(self) -> bytes:
        """What is sent after the last piece."""
        return self._compressor.flush() if self._compressor else b""


def encoding_of(keys: Mapping[str, str], accepted: str) -> Encoding:
    """What the client asks for: `compress=1` for frames, else Accept-Encoding if it is enabled."""
    if keys.get("compress") == "1":
        return Encoding("", None, is_framed=True)
    if keys.get("enable_http_compression") in ("1", "true"):
        found = compressor(accepted)
        if found is not None:
            return Encoding(*found, is_framed=False)
    return Encoding("", None, is_framed=False)


def answer_headers(
    encoding: Encoding | None, format_name: str | None, query_id: str, answer: Answer, began: float
) -> dict[str, str]:
    """Headers of a good answer; numbers of the summary are texts, as ClickHouse writes them.

    `began` is of `time.perf_counter`. `format_name` is None for an insert.
    """
    summary = {
        "read_rows": answer.read_rows,
        "read_bytes": 0,
        "written_rows": answer.written_rows,
        "written_bytes": answer.written_bytes,
        "total_rows_to_read": 0,
        "result_rows": answer.written_rows or answer.read_rows,
        "result_bytes": len(answer.data),
        "elapsed_ns": int((time.perf_counter() - began) * 1e9),
    }
    headers = {
        "X-ClickHouse-Summary": json.dumps({name: str(value) for name, value in summary.items()}),
        "X-ClickHouse-Query-Id": query_id,
        "X-ClickHouse-Server-Display-Name": "chdb",
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Exception-Tag": _EXCEPTION_TAG,
    }
    if format_name is not None:
        headers["X-ClickHouse-Format"] = format_name
        headers["Content-Type"] = _CONTENT_TYPES.get(
            format_name.lower(), "application/octet-stream"
        )
    if encoding is not None and encoding.name:
        headers["Content-Encoding"] = encoding.name
    return headers


def refusal(error: Exception, version: str, query_id: str) -> Response:
    """The answer to a request that failed before anything was sent."""
    text = error_text(error, version)
    code = error_code(text)
    headers = {"X-ClickHouse-Exception-Code": str(code), "X-ClickHouse-Query-Id": query_id}
    return Response(f"{text}\n", http_status(code), headers, "text/plain; charset=UTF-8")


def exception_tail(error: Exception, version: str) -> bytes:
    """What ends an answer that failed midway."""
    text = error_text(error, version)
    size = len(text.encode()) + 1
    frame = "\r\n__exception__\r\n"
    return f"{frame}{_EXCEPTION_TAG}\r\n{text}\n{size} {_EXCEPTION_TAG}{frame}".encode()
