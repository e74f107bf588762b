"""The truth of simulated PBXs over HTTP: `GET /truth` is everything, `GET /totals` the sums."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from local.pbx.call_centre import CallCentre
from local.pbx.server import wall_clock_ms

_MAX_REQUEST_BYTES = 8 * 1024


def totals(centres: list[CallCentre]) -> dict[str, Any]:
    """Counts and sums per site and queue, and the moment they hold for."""
    return {
        "at_ms": wall_clock_ms(),
        "sites": [
            {
                "site": centre.truth.site,
                "opened_at_ms": centre.opened_at,
                "is_over": centre.is_over,
                "refused": centre.truth.refused,
                "totals": centre.truth.totals(),
            }
            for centre in centres
        ],
    }


def everything(centres: list[CallCentre]) -> dict[str, Any]:
    """Calls, agent states and outbound calls as well."""
    sites = [
        {
            "opened_at_ms": centre.opened_at,
            "is_over": centre.is_over,
            **centre.truth.as_dict(),
        }
        for centre in centres
    ]
    return {"at_ms": wall_clock_ms(), "sites": sites}


async def serve_truth(
    host: str,
    port: int,
    centres: Callable[[], list[CallCentre]],
    on_listening: Callable[[int], None],
) -> None:
    """Serves until cancelled; `on_listening` is told the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            writer.write(_response(request, centres()))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # whoever asked has gone, or did not speak HTTP
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host, port, limit=_MAX_REQUEST_BYTES)
    async with server:
        on_listening(server.sockets[0].getsockname()[1])
        await server.serve_forever()


def _response(request: bytes, centres: list[CallCentre]) -> bytes:
    method, _, rest = request.partition(b" ")
    path = rest.partition(b" ")[0]
    views = {b"/truth": everything, b"/totals": totals}
    if method != b"GET" or path not in views:
        return _http("404 Not Found", {"paths": ["/truth", "/totals"]})
    return _http("200 OK", views[path](centres))


def _http(status: str, content: dict[str, Any]) -> bytes:
    body = json.dumps(content, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
