"""A stand-in for S3 over real HTTP: GetObject and ListObjectsV2, a latency, faults, and a count of everything.

Run ``python -m benchmarks._s3_server --objects N --delay 0.02``: it prints its address and serves until its
input ends. The tests run `S3Server` in a thread instead. One process answers 10,000 and more requests a second,
which is more than any client here asks for; a real emulator of S3 answers some 400.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["BUCKET", "Answer", "Asked", "Request", "S3Server", "output_keys"]

BUCKET = "reviews"
_REASONS = {200: "OK"}


class Request(NamedTuple):
    """One request: the operation that S3 calls it by, its bucket, its key or prefix, its query and its headers."""

    operation: str
    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    target: str


class Asked(NamedTuple):
    """What is counted: an operation, its key or prefix, the client (``obstore`` or ``boto3``) and its access key."""

    operation: str
    key: str
    agent: str
    access_key: str


class Answer(NamedTuple):
    """What goes back.

    `cut` bytes are left off the body's end, and the connection ends there; a negative status ends it at once.
    """

    status: int
    body: bytes
    delay: float | None = None
    cut: int = 0


def output_keys(count: int) -> list[str]:
    """Return keys as Amazon A2I makes them, in their order."""
    return [
        f"a2i/sentiment/2023/02/03/{n // 3600:02}/{n // 60 % 60:02}/{n % 60:02}/{n:032x}/output.json"
        for n in range(count)
    ]


class S3Server:
    """Buckets of objects behind ``http://127.0.0.1:PORT``.

    Attributes
    ----------
    buckets : dict of str to dict of str to bytes
        The objects by bucket and key.
    keys : dict of str to str
        The secret key of each access key that is let in. If empty, a signature must be there but is not checked.
    delay : float
        Seconds until each answer.
    page : int
        Keys on a page of a listing.
    fault : callable, optional
        Asked about each request first; what it returns is the answer, unless that is None.
    asked : Counter of Asked
        How often what was asked for, by whom.
    log : list of str
        The operations, in the order in which they came.
    in_flight, most_in_flight : int
        GetObject requests that wait for their answer: now, and the most there were.
    """

    def __init__(self, *, delay: float = 0.0) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {BUCKET: {}}
        self.keys: dict[str, str] = {}
        self.delay = delay
        self.page = 1000
        self.fault: Callable[[Request], Answer | None] | None = None
        self.asked: Counter[Asked] = Counter()
        self.log: list[str] = []
        self.in_flight = self.most_in_flight = 0
        self.connections: set[asyncio.Transport] = set()
        self._listings: dict[tuple[str, str], list[str]] = {}

    def answer(self, request: Request) -> Answer:
        """Return what S3 would say."""
        agent = "obstore" if request.headers.get("user-agent", "").startswith("hitl_sdk") else "boto3"
        signed = request.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]
        self.asked[Asked(request.operation, request.key, agent, signed)] += 1
        self.log.append(request.operation)
        refused = self._unsigned(request) or (self.fault and self.fault(request))
        if refused:
            return refused
        objects = self.buckets.get(request.bucket)
        if objects is None:
            return error(404, "NoSuchBucket")
        if request.operation == "ListObjectsV2":
            return Answer(200, self._listing(request, objects))
        content = objects.get(request.key)
        return error(404, "NoSuchKey") if content is None else Answer(200, content)

    def _unsigned(self, request: Request) -> Answer | None:
        header = request.headers.get("authorization", "")
        if not header.startswith("AWS4-HMAC-SHA256 Credential="):
            return error(403, "AccessDenied")
        if self.keys:
            fields = dict(part.strip().split("=", 1) for part in header.partition(" ")[2].split(","))
            access_key, scope = fields["Credential"].split("/", 1)
            if access_key not in self.keys:
                return error(403, "InvalidAccessKeyId")
            if (
                signature(request, self.keys[access_key], scope, fields["SignedHeaders"])
                != fields["Signature"]
            ):
                return error(403, "SignatureDoesNotMatch")
        return None

    def _listing(self, request: Request, objects: Mapping[str, bytes]) -> bytes:
        """Return a page; the continuation token is the number of keys before it."""
        prefix = request.key
        start = int(request.query.get("continuation-token", 0))
        after = request.query.get("start-after", "")
        if start == 0:
            found = (key for key in objects if key.startswith(prefix) and key.encode() > after.encode())
            self._listings[prefix, after] = sorted(found, key=str.encode)
        keys = self._listings[prefix, after]
        more = start + self.page < len(keys)
        encode = quote if "encoding-type" in request.query else escape
        encoding = "<EncodingType>url</EncodingType>" if "encoding-type" in request.query else ""
        rows = "".join(
            f"<Contents><Key>{encode(key)}</Key><LastModified>2023-02-03T10:00:00.000Z</LastModified>"
            f"<ETag>&quot;{'0' * 32}&quot;</ETag><Size>{len(objects[key])}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
            for key in keys[start : start + self.page]
        )
        token = f"<NextContinuationToken>{start + self.page}</NextContinuationToken>" if more else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{request.bucket}</Name><Prefix>{encode(prefix)}</Prefix>{encoding}"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}"
            "</ListBucketResult>"
        ).encode()

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve in a thread for the length of the block, which gets the address."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        listening = loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)
        server = asyncio.run_coroutine_threadsafe(listening, loop).result()
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            asyncio.run_coroutine_threadsafe(self._close(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        for connection in self.connections:
            connection.abort()
        while self.connections:
            await asyncio.sleep(0)


def error(status: int, code: str) -> Answer:
    """Return an error as S3 writes it."""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}, said the stand-in'
        "</Message><RequestId>REQUEST1</RequestId></Error>"
    )
    return Answer(status, body.encode())


def signature(request: Request, secret: str, scope: str, signed_headers: str) -> str:
    """Return the signature, version 4, that a request ought to have."""
    query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(request.query.items())
    )
    headers = [f"{name}:{request.headers[name].strip()}\n" for name in signed_headers.split(";")]
    canonical = "\n".join(
        [
            "GET",
            urlsplit(request.target).path,
            query,
            "".join(headers),
            signed_headers,
            request.headers["x-amz-content-sha256"],
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, digest])
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def parse(head: bytes) -> Request:
    """Read a request's head."""
    lines = head.decode("latin-1").split("\r\n")
    target = lines[0].split(" ")[1]
    if target.startswith("http://"):  # asked as a proxy
        target = target[target.index("/", len("http://")) :]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    path, _, query_text = target.partition("?")
    query = dict(parse_qsl(query_text, keep_blank_values=True)) if query_text else {}
    bucket, _, key = unquote(path)[1:].partition("/")
    if "list-type" in query:
        return Request("ListObjectsV2", bucket, query.get("prefix", ""), query, headers, target)
    return Request("GetObject", bucket, key, query, headers, target)


class _Connection(asyncio.Protocol):
    def __init__(self, server: S3Server) -> None:
        self._server = server
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._server.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while b"\r\n\r\n" in self._pending:
            head, _, self._pending = self._pending.partition(b"\r\n\r\n")
            request = parse(head)
            answer = self._server.answer(request)
            counted = request.operation == "GetObject"
            server = self._server
            server.in_flight += counted
            server.most_in_flight = max(server.most_in_flight, server.in_flight)
            delay = server.delay if answer.delay is None else answer.delay
            if delay:
                asyncio.get_running_loop().call_later(delay, self._write, answer, counted)
            else:
                self._write(answer, counted)

    def _write(self, answer: Answer, counted: bool) -> None:
        self._server.in_flight -= counted
        if answer.status < 0:
            self._transport.abort()
            return
        reason = _REASONS.get(answer.status, "Error")
        head = (
            f"HTTP/1.1 {answer.status} {reason}\r\nContent-Length: {len(answer.body)}\r\n"
            'Content-Type: application/json\r\nETag: "0"\r\nx-amz-request-id: REQUEST1\r\n'
            "Last-Modified: Fri, 03 Feb 2023 10:00:00 GMT\r\n\r\n"
        )
        self._transport.write(head.encode() + answer.body[: len(answer.body) - answer.cut])
        if answer.cut:
            self._transport.close()


def main() -> None:
    """Serve many output.json objects until the input ends."""
    from benchmarks.read_outputs import make_documents

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--objects", type=int, required=True)
    parser.add_argument("--delay", type=float, default=0.02, metavar="SECONDS")
    options = parser.parse_args()
    server = S3Server(delay=options.delay)
    documents = make_documents(options.objects)
    server.buckets[BUCKET] = dict(zip(output_keys(options.objects), documents, strict=True))
    with server.running() as url:
        print(url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
