"""Requests that two servers could read differently: this one reads each of them as one, or refuses it."""

import pytest

from tests.live.server import LiveServer

from .test_page_connection import said

HEAD = b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SECOND = b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def ends(*headers: bytes, body: bytes = b"0\r\n\r\n" + SECOND) -> bytes:
    return HEAD + b"".join(headers) + b"\r\n" + body


DOUBTFUL = {
    "both a length and chunks": ends(b"Content-Length: 5\r\n", CHUNKED),
    "both, the other way round": ends(CHUNKED, b"Content-Length: 5\r\n"),
    "two lengths": ends(b"Content-Length: 0\r\n", b"Content-Length: 5\r\n"),
    "two lengths in one": ends(b"Content-Length: 0, 5\r\n"),
    "a length with a sign": ends(b"Content-Length: +5\r\n"),
    "a length below nothing": ends(b"Content-Length: -5\r\n"),
    "a length in another base": ends(b"Content-Length: 0x5\r\n"),
    "a length with a gap": ends(b"Content-Length: 5 5\r\n"),
    "chunks that are something else": ends(b"Transfer-Encoding: chunked, identity\r\n"),
    "chunks of another kind": ends(b"Transfer-Encoding: xchunked\r\n"),
    "chunks, said twice": ends(CHUNKED, b"Transfer-Encoding: identity\r\n"),
    "a space before the colon": ends(b"Transfer-Encoding : chunked\r\n", b"Content-Length: 5\r\n"),
    "a tab before the colon": ends(b"Transfer-Encoding\t: chunked\r\n", b"Content-Length: 5\r\n"),
    "a header that goes on below": ends(b"Transfer-Encoding:\r\n chunked\r\n", b"Content-Length: 5\r\n"),
    "a space before the header": ends(b" Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n"),
    "a lone carriage return": ends(b"X: a\rTransfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n"),
    "a byte that is no text": ends(b"X: a\x00b\r\n", CHUNKED, b"Content-Length: 5\r\n"),
    "a chunk in another notation": ends(CHUNKED, body=b"0x0\r\n\r\n" + SECOND),
    "a chunk below nothing": ends(CHUNKED, body=b"-1\r\n\r\n" + SECOND),
    "a chunk longer than any": ends(CHUNKED, body=b"F" * 17 + b"\r\n\r\n" + SECOND),
    "a chunk with more behind it": ends(CHUNKED, body=b"1\r\nab\r\n0\r\n\r\n" + SECOND),
}


@pytest.mark.parametrize("request_", DOUBTFUL.values(), ids=DOUBTFUL.keys())
async def test_a_doubtful_length_hides_no_second_request(serving: LiveServer, request_: bytes) -> None:
    answer = await said(serving, request_)
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize(
    "version", [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.11", b"http/1.1", b"HTTP/1.1 x", b""]
)
async def test_other_versions_are_refused_or_end_with_their_answer(serving: LiveServer, version: bytes) -> None:
    answer = await said(serving, b"GET /healthz " + version + b"\r\nHost: 127.0.0.1\r\n\r\n" + SECOND)
    assert answer.count(b"HTTP/1.1 ") == 1, answer


async def test_requests_in_a_row_are_answered_in_their_order(serving: LiveServer) -> None:
    """One that is slow in the middle delays those behind it, and mixes nothing up."""
    host = f"Host: 127.0.0.1:{serving.port}\r\n".encode()
    paths = [b"/healthz", b"/nothing/", b"/readyz", b"/accounts/login/"] * 25
    requests = [b"GET " + path + b" HTTP/1.1\r\n" + host + b"\r\n" for path in paths]
    last = b"GET /healthz HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n"
    answer = await said(serving, b"".join(requests) + last)
    statuses = [piece[:3] for piece in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"404" if path == b"/nothing/" else b"200" for path in paths] + [b"200"]
