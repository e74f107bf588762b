"""The HTTP application: routes, and the way of a request through authentication, gate and engine.

Nothing of a body is read before the user is known, and it has to come in time. Requests under way
have a place each (`places.py`); more are told so at once, never queued without bound. Reading
(`reading.py`), writing, looking at statements and ending what nobody waits for have their own
threads, so that none of them waits for another.
"""

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import NamedTuple, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.clickhouse.answers import Encoding, answer_headers, encoding_of, exception_tail, refusal
from local.clickhouse.engine import Engine, Session
from local.clickhouse.errors import RequestError
from local.clickhouse.execution import Answer, PieceReader, run_insert, run_statement
from local.clickhouse.gate import Gate
from local.clickhouse.hello import hello_block, is_hello
from local.clickhouse.places import Places
from local.clickhouse.reading import ReadingThreads
from local.clickhouse.requests import Asked, receive, text_of
from local.clickhouse.settings import RequestOptions, request_options
from local.clickhouse.statements import (
    is_streamable,
    lift_ad_hoc_filters,
    output_format,
    parse_insert,
)
from local.clickhouse.users import User, Users, credentials

WRITER_THREADS = 2
PARSER_THREADS = 2

MAX_ADMIN_BODY_BYTES = 256 << 20
MAX_READER_BODY_BYTES = 1 << 20
BODY_WITHIN_S = 60.0

DISPLAY_NAME = "chdb"
TIMEZONE = "UTC"

_QUERY_ID = re.compile(r"[!-~]{1,100}")

Result = TypeVar("Result")


class _Context(NamedTuple):
    """What one request carries through: who asks what, and how the answer is encoded."""

    asked: Asked
    user: User
    options: RequestOptions
    encoding: Encoding
    query_id: str
    began: float

    def session(self, filters: dict[str, str] | None = None) -> Session:
        database = self.asked.keys.get("database") or self.asked.headers.get(
            "x-clickhouse-database", ""
        )
        is_read_only = self.asked.method in ("GET", "HEAD")
        return Session(self.user, database, self.options.settings, filters or {}, is_read_only)

    def default_format(self) -> str:
        asked_for = self.asked.keys.get("default_format")
        return asked_for or self.asked.headers.get("x-clickhouse-format", "TabSeparated")


class Service:
    """Answers requests with an engine and its users."""

    def __init__(self, engine: Engine, users: Users) -> None:
        """The engine stays the caller's to close, after `close`."""
        self._engine = engine
        self._users = users
        self._gate = Gate(engine)
        self._reading = ReadingThreads()
        self._writers = ThreadPoolExecutor(WRITER_THREADS, "clickhouse-write")
        self._parsers = ThreadPoolExecutor(PARSER_THREADS, "clickhouse-parse")
        self._closer = ThreadPoolExecutor(1, "clickhouse-close")
        self._places = Places()

    def close(self) -> None:
        """Waits for what runs."""
        self._parsers.shutdown()
        self._reading.close()
        self._writers.shutdown()
        self._closer.shutdown()

    async def answer(self, request: Request) -> Response:
        """One request, whatever it is; every failure becomes an answer in ClickHouse's form."""
        if request.method != "POST" and "query" not in request.query_params:
            return PlainTextResponse("Ok.\n")
        query_id = request.query_params.get("query_id", "")
        if not _QUERY_ID.fullmatch(query_id):
            query_id = str(uuid.uuid4())
        response: Response | None = None
        try:
            user = self._authenticate(request)
            self._places.take(user)
            try:
                response = await self._answer(request, user, query_id)
            finally:
                # A streamed answer keeps its place until it has been sent, or is not read
                # (`unread.py`).
                if not isinstance(response, _StreamedResponse):
                    self._places.give_back(user)
        except (RequestError, RuntimeError) as error:
            return refusal(error, self._engine.version, query_id)
        return response

    async def _answer(self, request: Request, user: User, query_id: str) -> Response:
        began = time.perf_counter()
        limit = MAX_ADMIN_BODY_BYTES if user.tenant is None else MAX_READER_BODY_BYTES
        asked = await receive(request, limit, BODY_WITHIN_S)
        context = _Context(
            asked,
            user,
            request_options(user, asked.keys),
            encoding_of(asked.keys, asked.headers.get("accept-encoding", "")),
            query_id,
            began,
        )
        text = await self._run(self._parsers, lambda: text_of(asked))
        if is_hello(
            text.head.decode("utf-8", "replace"), asked.keys.get("client_protocol_version", "")
        ):
            data = hello_block(DISPLAY_NAME, self._engine.version, TIMEZONE)
            return _whole(context, Answer(data), "Native")
        insert = parse_insert(text.head)
        if insert is not None and user.tenant is None:
            pieces = chain((text.head[insert.data_start :],), text.rest)
            session = context.session()
            return await self._run(
                self._writers,
                lambda: _whole(context, run_insert(self._engine, session, insert, pieces), None),
            )
        statement = await self._run(self._parsers, text.whole)
        return await self._answer_statement(context, statement)

    async def _answer_statement(self, context: _Context, statement: str) -> Response:
        filters: dict[str, str] = {}
        if context.user.tenant is not None:
            statement, filters = lift_ad_hoc_filters(statement)
            await self._run(self._parsers, lambda: self._check(statement, filters))
        session = context.session(filters)
        format_name = output_format(statement, context.default_format())
        if context.user.tenant is not None:
            self._gate.check_format(format_name)
        parameters = context.options.parameters
        is_waited_for = context.asked.keys.get("wait_end_of_query") == "1"
        if is_streamable(statement, format_name) and not is_waited_for:
            reader = await self._reading.run(
                context.user,
                lambda: PieceReader(self._engine, session, statement, format_name, parameters),
            )
            return await self._stream(context, reader, format_name)
        is_reading = context.user.tenant is not None or session.is_read_only

        def run() -> Response:
            answer = run_statement(self._engine, session, statement, format_name, parameters)
            if context.user.tenant is not None:
                # Rows of other tenants that lay beside were read too, and counted.
                answer = Answer(answer.data)
            return _whole(context, answer, format_name)

        if is_reading:
            return await self._reading.run(context.user, run)
        return await self._run(self._writers, run)

    async def _stream(self, context: _Context, reader: PieceReader, format_name: str) -> Response:
        def next_piece() -> bytes | None:
            data = reader.fetch()
            return None if data is None else context.encoding.encode(data)

        try:
            first = await self._reading.run(context.user, next_piece)
        except BaseException:
            self._closer.submit(reader.close)
            raise
        if first is None:
            self._closer.submit(reader.close)
            return _whole(context, Answer(b""), format_name)
        headers = answer_headers(
            context.encoding, format_name, context.query_id, Answer(b""), context.began
        )

        def end() -> None:
            self._places.give_back(context.user)
            # Not awaited: a client that went away cancels everything that is.
            self._closer.submit(reader.close)

        return _StreamedResponse(self._pieces(context, first, next_piece), headers, end)

    async def _pieces(
        self, context: _Context, first: bytes, next_piece: Callable[[], bytes | None]
    ) -> AsyncIterator[bytes]:
        try:
            piece: bytes | None = first
            while piece is not None:
                yield piece
                piece = await self._reading.run(context.user, next_piece)
        except RuntimeError as error:
            # The status is sent already: clients look for this tail.
            yield context.encoding.encode(exception_tail(error, self._engine.version))
        yield context.encoding.end()

    def _check(self, statement: str, filters: dict[str, str]) -> None:
        self._gate.check(statement)
        for condition in filters.values():
            self._gate.check(f"SELECT 1 WHERE {condition}")

    def _authenticate(self, request: Request) -> User:
        given = credentials(request.headers, request.query_params)
        user = self._users.authenticate(*given) if given else None
        if user is None:
            raise RequestError(
                516,
                "AUTHENTICATION_FAILED",
                "Authentication failed: password is incorrect, or there is no user with such name.",
            )
        return user

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


class _StreamedResponse(StreamingResponse):
    """An answer in pieces; `end` is called once, however the sending ends."""

    def __init__(
        self, pieces: AsyncIterator[bytes], headers: dict[str, str], end: Callable[[], None]
    ) -> None:
        super().__init__(pieces, headers=headers)
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


def create_app(service: Service) -> Starlette:
    """The application around a service."""

    async def ping(_: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/", service.answer, methods=["GET", "HEAD", "POST"]),
        ]
    )


def _whole(context: _Context, answer: Answer, format_name: str | None) -> Response:
    body = context.encoding.encode(answer.data) + context.encoding.end() if answer.data else b""
    encoding = context.encoding if answer.data else None
    headers = answer_headers(encoding, format_name, context.query_id, answer, context.began)
    return Response(body, headers=headers)
