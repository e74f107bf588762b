"""`python -m local whatsapp`: a simulated Helena account, its webhooks, API and truth.

The webhook's address comes from WHATSAPP_WEBHOOK_URL and the API's token from WHATSAPP_TOKEN, since
both are secrets.
"""

import argparse
import asyncio
import os
import socket
import sys
import time

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from local.process import LOOPBACK
from local.stopping import until_stopped
from local.whatsapp.account import HelenaAccount
from local.whatsapp.api import HelenaApi
from local.whatsapp.centre import ChatCentre
from local.whatsapp.webhooks import Webhooks

ADDRESS_VARIABLE = "WHATSAPP_WEBHOOK_URL"
TOKEN_VARIABLE = "WHATSAPP_TOKEN"  # noqa: S105 - the name of a variable


def main(arguments: list[str]) -> int:
    """The command. Exit code 2: a variable is not set."""
    options = _parse(arguments)
    address, token = (os.environ.get(name, "") for name in (ADDRESS_VARIABLE, TOKEN_VARIABLE))
    if not address or not token:
        print(f"whatsapp: set {ADDRESS_VARIABLE} and {TOKEN_VARIABLE}", file=sys.stderr)
        return 2
    with until_stopped():
        asyncio.run(_run(options, address, token))
    return 0


async def _run(options: argparse.Namespace, address: str, token: str) -> None:
    webhooks = Webhooks(address, options.seed)
    account = HelenaAccount(options.seed, lambda: time.time_ns() // 100, webhooks.post)
    centre = ChatCentre(account, options.account, options.seed, options.speed)
    opened_at = time.time_ns() // 1_000_000
    app = HelenaApi(account, token).app()

    def told(*, is_whole: bool) -> dict[str, object]:
        whole = centre.truth.as_dict()
        shown = whole if is_whole else {name: whole[name] for name in ("site", "totals", "refused")}
        site = {"opened_at_ms": opened_at, "is_over": centre.is_over, **shown}
        return {"at_ms": time.time_ns() // 1_000_000, "sites": [site]}

    async def truth(request: Request) -> JSONResponse:
        return JSONResponse(told(is_whole=request.url.path == "/truth"))

    everything = Starlette(
        routes=[Route("/truth", truth), Route("/totals", truth), Mount("/", app)]
    )
    place = socket.create_server((LOOPBACK, options.port))
    server = uvicorn.Server(uvicorn.Config(everything, log_level="warning"))
    print(f"helena on http://{LOOPBACK}:{place.getsockname()[1]}", flush=True)
    serving = asyncio.create_task(server.serve([place]))
    playing = asyncio.create_task(centre.run(options.duration))
    await asyncio.wait({serving, playing}, return_when=asyncio.FIRST_COMPLETED)
    if playing.done():
        playing.result()
        await serving
    playing.cancel()
    await webhooks.close()


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local whatsapp",
        description="Simulate a Helena account: it posts webhooks, answers its API, and tells the"
        " truth at /truth and /totals.",
        epilog=f"{ADDRESS_VARIABLE} is where it posts to, {TOKEN_VARIABLE} the token of its API.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (the default)")
    parser.add_argument("--account", default="whatsapp-01", help="its name in the truth")
    parser.add_argument("--seed", type=int, default=3, help="same seed, same customers")
    parser.add_argument("--speed", type=float, default=1.0, help="times faster than life")
    parser.add_argument(
        "--duration", type=float, metavar="SECONDS", help="nobody writes after that; default: never"
    )
    return parser.parse_args(arguments)
