"""The WebSocket protocol itself, as the Autobahn suite's categories 1 to 7 and 10 try it, against the real server."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.live.raw import BINARY, CLOSE, CONT, PING, PONG, TEXT, RawSocket, frame
from tests.live.server import LiveServer

MIB = 1024 * 1024


@pytest_asyncio.fixture
async def raw(serving: LiveServer) -> AsyncIterator[RawSocket]:
    socket = await RawSocket.open(serving)
    yield socket
    socket.cut()


def ping(id_: str) -> bytes:
    """The protocol's own ping, as text: what the chat answers."""
    return json.dumps({"type": "ping", "id": id_}, ensure_ascii=False).encode()


async def answers(raw: RawSocket, id_: str) -> bool:
    """Whether the chat answers a ping of its own, sent before."""
    got = await raw.until(TEXT, b'"pong"')
    return bool(json.loads(got.payload)["id"] == id_)


# ── 1: framing ──


@pytest.mark.parametrize("size", [0, 1, 20, 81, 82, 83, 125, 126, 127, 128, 65_491, 65_535, 65_536, 200_000])
async def test_messages_of_any_length_arrive_whole(raw: RawSocket, size: int) -> None:
    await raw.send(frame(TEXT, ping("x" * size)))
    assert await answers(raw, "x" * size)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("slices", [1, 7, 997])
async def test_a_frame_may_arrive_in_any_pieces(raw: RawSocket, opcode: int, slices: int) -> None:
    whole = frame(opcode, ping("p" * 1000))
    for start in range(0, len(whole), slices):
        await raw.send(whole[start : start + slices])
    assert await answers(raw, "p" * 1000)


async def test_many_frames_may_arrive_at_once(raw: RawSocket) -> None:
    await raw.send(*(frame(TEXT, ping(str(n))) for n in range(40)))
    for n in range(40):
        assert await answers(raw, str(n))


# ── 2: pings and pongs ──


@pytest.mark.parametrize("payload", [b"", b"Hello", bytes(range(0x80, 0xFD)), b"x" * 125])
async def test_a_ping_is_answered_with_its_payload(raw: RawSocket, payload: bytes) -> None:
    await raw.send(frame(PING, payload))
    assert (await raw.until(PONG)).payload == payload


async def test_a_control_frame_is_never_longer_than_125_bytes(raw: RawSocket) -> None:
    await raw.send(frame(PING, b"x" * 126))
    assert await raw.close_code() == 1002


async def test_pongs_that_nobody_asked_for_are_ignored(raw: RawSocket) -> None:
    await raw.send(frame(PONG), frame(PONG, b"unasked"), frame(PING, b"then"))
    assert (await raw.until(PONG)).payload == b"then"


async def test_ten_pings_are_answered_in_order(raw: RawSocket) -> None:
    await raw.send(*(frame(PING, str(n).encode()) for n in range(10)))
    assert [(await raw.until(PONG)).payload for _ in range(10)] == [str(n).encode() for n in range(10)]


# ── 3 and 4: reserved bits and opcodes ──


@pytest.mark.parametrize("reserved", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, CLOSE])
async def test_reserved_bits_mean_nothing_here(raw: RawSocket, reserved: int, opcode: int) -> None:
    await raw.send(frame(opcode, b"" if opcode == CLOSE else b"{}", reserved=reserved))
    assert await raw.close_code() == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF])
async def test_reserved_opcodes_mean_nothing_here(raw: RawSocket, opcode: int) -> None:
    await raw.send(frame(TEXT, ping("before")), frame(opcode, b"?"))
    assert await raw.close_code() == 1002


async def test_a_frame_without_a_mask_is_refused(raw: RawSocket) -> None:
    await raw.send(frame(TEXT, ping("bare"), masked=False))
    assert await raw.close_code() == 1002


# ── 5: fragments ──


async def test_fragments_are_one_message(raw: RawSocket) -> None:
    whole = ping("in pieces")
    await raw.send(frame(TEXT, whole[:5], fin=False), frame(CONT, whole[5:9], fin=False), frame(CONT, whole[9:]))
    assert await answers(raw, "in pieces")


async def test_a_ping_between_fragments_is_answered_at_once(raw: RawSocket) -> None:
    whole = ping("later")
    await raw.send(frame(TEXT, whole[:5], fin=False), frame(PING, b"now"))
    assert (await raw.until(PONG)).payload == b"now"
    await raw.send(frame(CONT, whole[5:]))
    assert await answers(raw, "later")


@pytest.mark.parametrize(
    "frames",
    [
        [frame(PING, b"x", fin=False)],
        [frame(PONG, b"x", fin=False)],
        [frame(CONT, b"{}")],
        [frame(CONT, b"{}", fin=False), frame(TEXT, b"{}")],
        [frame(TEXT, b"{", fin=False), frame(TEXT, b"}")],
        [frame(TEXT, b"{}"), frame(CONT, b"{}")],
        [frame(BINARY, b"{", fin=False), frame(BINARY, b"}")],
    ],
    ids=["ping in pieces", "pong in pieces", "nothing to go on with", "nothing to go on with, in pieces",
         "text within text", "going on after the end", "bytes within bytes"],
)  # fmt: skip
async def test_fragments_in_a_wrong_order_are_refused(raw: RawSocket, frames: list[bytes]) -> None:
    await raw.send(*frames)
    assert await raw.close_code() == 1002


# ── 6: text ──


@pytest.mark.parametrize("text", ["κόσμε", "Hello-µ@ßöäüàá", "𐀀", "\ufffd", "\ufffe", "\U0010ffff", "e\u0301"])
async def test_text_may_be_split_within_a_character(raw: RawSocket, text: str) -> None:
    whole = ping(text)
    pieces = [frame(TEXT if n == 0 else CONT, whole[n : n + 1], fin=n == len(whole) - 1) for n in range(len(whole))]
    await raw.send(*pieces)
    assert await answers(raw, text)


@pytest.mark.parametrize(
    "octets",
    [b"\xce\xba\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xff", b"\xfe", b"\x80",
     b"\xf8\x88\x80\x80\x80", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xbf\xbf"],
)  # fmt: skip
@pytest.mark.parametrize("split", [False, True])
async def test_text_that_is_none_is_refused(raw: RawSocket, octets: bytes, split: bool) -> None:
    payload = b'{"type":"ping","id":"' + octets
    if split:
        await raw.send(frame(TEXT, payload[:-1], fin=False), frame(CONT, payload[-1:]))
    else:
        await raw.send(frame(TEXT, payload))
    assert await raw.close_code() == 1007


# ── 7: closing ──


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
async def test_closing_is_answered_with_its_code(raw: RawSocket, code: int) -> None:
    await raw.send(frame(CLOSE, struct.pack("!H", code) + b"bye"))
    assert await raw.close_code() == code
    await raw.ended()


async def test_closing_without_a_code_is_answered_without_one(raw: RawSocket) -> None:
    await raw.send(frame(CLOSE))
    assert await raw.close_code() in {1000, 1005}


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535])
async def test_codes_that_no_client_may_send_are_refused(raw: RawSocket, code: int) -> None:
    await raw.send(frame(CLOSE, struct.pack("!H", code)))
    assert await raw.close_code() == 1002


@pytest.mark.parametrize(
    ("payload", "expected"),
    [(b"\x03", 1002), (struct.pack("!H", 1000) + b"x" * 124, 1002), (struct.pack("!H", 1000) + b"\xff\xfe", 1007)],
)
async def test_a_goodbye_that_makes_no_sense_is_refused(raw: RawSocket, payload: bytes, expected: int) -> None:
    await raw.send(frame(CLOSE, payload))
    assert await raw.close_code() == expected


async def test_a_goodbye_may_come_between_the_pieces_of_a_message(raw: RawSocket) -> None:
    goodbye = frame(CLOSE, struct.pack("!H", 1000))
    await raw.send(frame(TEXT, b"{", fin=False), goodbye, frame(CONT, b"}"))
    assert await raw.close_code() == 1000
    await raw.ended()


async def test_what_comes_after_a_goodbye_is_not_looked_at(raw: RawSocket) -> None:
    await raw.send(frame(CLOSE, struct.pack("!H", 1000)), frame(TEXT, ping("late")), frame(PING, b"late"))
    got = await raw.receive()
    while got.opcode != CLOSE:
        assert b"late" not in got.payload
        got = await raw.receive()
    await raw.ended()


# ── 10: sizes, and what this server's own limits are ──


@pytest.mark.parametrize("piece", [1300, 65_536])
async def test_a_large_message_may_come_in_pieces(raw: RawSocket, piece: int) -> None:
    whole = ping("x" * 500_000)
    starts = range(0, len(whole), piece)
    await raw.send(*(frame(CONT if n else TEXT, whole[n : n + piece], fin=n + piece >= len(whole)) for n in starts))
    assert await answers(raw, "x" * 500_000)


@pytest.mark.parametrize("announced", [MIB + 1, 1 << 40, (1 << 63) - 1])
async def test_a_frame_over_the_limit_is_refused_by_its_head(raw: RawSocket, announced: int) -> None:
    await raw.send(frame(TEXT, b"x", length=announced))
    assert await raw.close_code() == 1009


async def test_so_is_a_message_whose_pieces_are_too_much_together(raw: RawSocket) -> None:
    piece = b"x" * (MIB // 2)
    await raw.send(frame(TEXT, piece, fin=False), frame(CONT, piece, fin=False), frame(CONT, b"x"))
    assert await raw.close_code() == 1009


@pytest.mark.parametrize("piece", [b"", b"x"], ids=["empty", "one byte"])
async def test_pieces_without_end_are_refused(start_server: Callable[..., LiveServer], piece: bytes) -> None:
    raw = await RawSocket.open(start_server())
    await raw.send(frame(TEXT, b"", fin=False), *(frame(CONT, piece, fin=False) for _ in range(3000)))
    assert await raw.close_code() == 1009
    await raw.ended()


@pytest.mark.parametrize("opcode", [PING, PONG])
async def test_a_flood_of_control_frames_is_shown_out(start_server: Callable[..., LiveServer], opcode: int) -> None:
    raw = await RawSocket.open(start_server())
    await raw.send(*(frame(opcode, b"x" * 125) for _ in range(1000)))
    assert await raw.close_code() == 4429
    await raw.ended()


@pytest.mark.parametrize("payload", [b"", b"{}", ping("flood")])
async def test_a_flood_of_messages_is_shown_out(start_server: Callable[..., LiveServer], payload: bytes) -> None:
    raw = await RawSocket.open(start_server())
    raw.writer.write(frame(TEXT, payload) * 20_000)  # without waiting: it may close in the middle
    assert await raw.close_code() in {4400, 4429}
    await raw.ended()


PINGS = [frame(PING)] * 1000, 4429
PIECES = [frame(TEXT, b"", fin=False), *[frame(CONT, b"", fin=False)] * 2000], 1009


async def flood(server: LiveServer, times: int, frames: list[bytes], code: int) -> None:
    for _ in range(times):
        raw = await RawSocket.open(server)
        await raw.send(*frames)
        assert await raw.close_code() == code
        await raw.ended()


@pytest.mark.parametrize(("frames", "code"), [PINGS, PIECES], ids=["pings", "pieces"])
async def test_who_floods_again_and_again_waits_at_the_door(
    start_server: Callable[..., LiveServer], frames: list[bytes], code: int
) -> None:
    server = start_server()
    await flood(server, 3, frames, code)
    raw = await RawSocket.open(server)
    assert b"rate_limited" in (await raw.until(TEXT)).payload
    assert await raw.close_code() == 4429
    other = await RawSocket.open(server, "bob")
    await other.send(frame(TEXT, ping("me")))
    assert await answers(other, "me")
    other.cut()


async def test_nonsense_from_before_the_door_is_no_failure_of_the_server(
    start_server: Callable[..., LiveServer],
) -> None:
    server = start_server()
    await flood(server, 3, *PINGS)
    raw = await RawSocket.knock(server)  # and wait there
    await asyncio.sleep(0.5)
    await raw.send(frame(3, b"?"))
    await raw.ended()
    assert not [line for line in server.output if "Traceback" in line]
