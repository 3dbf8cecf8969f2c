"""The way to a provider, end to end, with providers that fail in every way there is.

After each answer, however it ended: one final state, the text stored is the text seen, the reservation has ended
once, and nothing of the call is left open.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.live.client import Frame, Reader, SocketClient, open_socket, signed_in
from tests.live.fixtures import Template
from tests.live.server import LiveServer
from tests.provider_server.recording import Recording
from tests.provider_server.server import ProviderServer

MAX_OUTPUT = 200
BUDGET = 1000
MODELS = ["scripted", "first", "second", "third", "claude"]
# What a provider may say instead of an answer; each has a model of its own, so that all are asked at once.
REFUSALS = {
    401: ("upstream_auth", False),
    402: ("upstream_auth", False),
    404: ("model_unavailable", False),
    429: ("upstream_rate_limited", True),
    500: ("upstream_failed", True),
    503: ("upstream_overloaded", True),
    529: ("upstream_overloaded", True),
}


def execute(server: LiveServer, sql: str, *parameters: object) -> None:
    """Change the database from outside, as an admin would."""
    server.execute(sql, *parameters)


@pytest.fixture(scope="module")
def upstream() -> Iterator[ProviderServer]:
    with ProviderServer() as provider:
        yield provider


@pytest.fixture(scope="module")
def hasty(
    live_template: Template, upstream: ProviderServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A server that loses patience soon, with models that fall back: first, second, third."""
    settings: dict[str, Any] = {"FIRST_TOKEN_TIMEOUT_S": 2, "IDLE_TIMEOUT_S": 1, "GENERATION_TIMEOUT_S": 4}
    settings |= {"OPENAI_MODELS": ",".join([*MODELS[:-1], *(f"says-{status}" for status in REFUSALS)])}
    settings |= {"ANTHROPIC_MODELS": ",".join(["claude", *(f"claude-says-{status}" for status in REFUSALS)])}
    settings |= {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": upstream.url, "OPENAI_BASE_URL": upstream.openai_url}
    settings |= {"MAX_OUTPUT_TOKENS": MAX_OUTPUT, "DEFAULT_MODEL": "scripted"}
    folder = tmp_path_factory.mktemp("hasty")
    with LiveServer(live_template.folder, live_template.people, folder, **settings) as server:
        chain(server, "first", "second", "third")
        bob = server.people["bob"]["id"].replace("-", "")
        execute(server, 'INSERT INTO accounts_tokenbudget (user_id, for_site, "limit") VALUES (?, 0, ?)', bob, BUDGET)
        asyncio.run(warm(server))
        yield server


async def warm(server: LiveServer) -> None:
    """Ask until both kinds of providers answer: on a busy machine their SDKs take longer to load than is waited."""
    async with signed_in(server) as socket:
        for model in ("scripted", "claude"):
            for _ in range(20):
                if (await socket.ended(await socket.generate(model=model))).status == "completed":
                    break


def chain(server: LiveServer, *names: str) -> None:
    """Make each model fall back to the one after it."""
    fallback = "UPDATE chat_languagemodel SET fallback_id = (SELECT id FROM chat_languagemodel WHERE name = ?)"
    for name, following in itertools.pairwise(names):
        execute(server, f"{fallback} WHERE name = ?", following, name)


@pytest.fixture
def provider(upstream: ProviderServer) -> ProviderServer:
    upstream.reset()
    return upstream


@pytest_asyncio.fixture
async def socket(hasty: LiveServer, provider: ProviderServer) -> AsyncIterator[SocketClient]:
    async with signed_in(hasty) as socket:
        yield socket


async def answered(server: LiveServer, socket: SocketClient, **fields: Any) -> Reader:
    """Ask, wait for the end, and check what is true of every end."""
    return await accounted_for(server, socket, await socket.ended(await socket.generate("Tell me", **fields)))


async def accounted_for(server: LiveServer, socket: SocketClient, reader: Reader) -> Reader:
    """One end, the text that was seen, a reservation that has ended once."""
    await socket.send("ping", id=reader.request_id)
    await socket.frame("pong", id=reader.request_id)
    frames = [frame for frame in socket.frames if frame.get("request_id") == reader.request_id and "seq" in frame]
    assert [frame["type"] for frame in frames if frame["type"] in {"ai:done", "ai:error"}] == [frames[-1]["type"]]
    assert reader.gaps == 0
    assert reader.start
    assert server.message_text(reader.start["message_id"]) == reader.text
    [(status, model, state, amount, settled)] = server.query(
        "SELECT status, g.model, state, amount, settled_amount FROM chat_generation g"
        " JOIN accounts_reservation r ON r.generation_id = g.id WHERE request_id = ?",
        UUID(reader.request_id).hex,
    )
    assert status == ("failed" if frames[-1]["type"] == "ai:error" else reader.status)
    assert model == reader.start["model"]
    assert state in {"settled", "released"}
    assert settled <= amount
    assert (state == "settled") == (settled > 0)
    assert not reader.text or settled > 0
    return reader


def accounts(server: LiveServer, name: str) -> tuple[int, int, int]:
    """What somebody has used and reserved by the ledger, and used by the sum of what was settled."""
    user = UUID(server.people[name]["id"]).hex
    [(used, reserved)] = server.query("SELECT sum(used), sum(reserved) FROM accounts_usageday WHERE user_id = ?", user)
    [(settled,)] = server.query("SELECT sum(settled_amount) FROM accounts_reservation WHERE user_id = ?", user)
    return used, reserved, settled


@pytest_asyncio.fixture(autouse=True)
async def _nothing_is_left(hasty: LiveServer, upstream: ProviderServer) -> AsyncIterator[None]:
    """After every test the books balance and no call is open."""
    yield
    for recording in upstream.requests:
        await over(recording)
    for name in ("alice", "bob"):
        used, reserved, settled = accounts(hasty, name)
        assert (reserved or 0, used) == (0, settled)


async def over(recording: Recording) -> None:
    """Wait until the provider is rid of the call. Raises TimeoutError."""
    await asyncio.to_thread(recording._wait, lambda: recording.ended_at or recording.left_at, 5)


def end(reader: Reader) -> Frame:
    assert reader.end
    return reader.end


# ── trying again ──


@pytest.mark.parametrize("model", ["scripted", "claude"])
@pytest.mark.parametrize(
    "failure",
    [
        {"status": 500},
        {"status": 529},
        {"status": 429, "retry_after": "1"},
        {"ending": "hang_up"},
        {"ending": "close", "after": 0},
        {"ending": "reset", "after": 0},
        {"ending": "overload", "after": 0},
        {"ending": "garbage", "after": 0},
    ],
    ids=str,
)
async def test_a_failure_before_the_first_token_is_not_seen(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str, failure: dict[str, Any]
) -> None:
    script = provider.script(tokens=10)
    provider.script_next(**failure)
    reader = await answered(hasty, socket, model=model)
    assert (reader.text, reader.status, reader.starts) == (script.text, "completed", 1)
    assert len(provider.requests) == 2
    asked_again_after = provider.requests[1].at - provider.requests[0].at
    assert asked_again_after >= float(failure.get("retry_after", 0))


async def test_after_the_first_token_nothing_is_asked_again(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(tokens=20, ending="reset", after=5)
    reader = await answered(hasty, socket)
    assert len(provider.requests) == 1
    assert reader.status == "interrupted"


# ── refusals ──


@pytest.mark.parametrize("prefix", ["says-", "claude-says-"])
async def test_what_a_provider_refuses_ends_as_a_sentence_with_its_code(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, prefix: str
) -> None:
    readers = {}
    for status in REFUSALS:
        provider.script(status=status, error_message="sk-secret-key-123456789 is wrong", model=f"{prefix}{status}")
        readers[status] = await socket.generate("Tell me", model=f"{prefix}{status}")
    for status, reader in readers.items():
        await accounted_for(hasty, socket, await socket.ended(reader))
        code, retryable = REFUSALS[status]
        assert (reader.status, end(reader)["retryable"]) == (code, retryable), status
        assert end(reader)["message"].endswith(".")
        assert "secret" not in str(end(reader))
        asked = [recording for recording in provider.requests if recording.model == f"{prefix}{status}"]
        assert len(asked) == (3 if retryable else 1)
    assert not any("sk-secret" in line for line in hasty.output)


async def test_a_call_that_never_came_to_pass_costs_nothing(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    before = accounts(hasty, "alice")
    provider.script(status=401)
    await answered(hasty, socket)
    assert accounts(hasty, "alice") == before


async def test_a_provider_that_cannot_be_reached_is_said_and_can_be_tried_again(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.stop()
    try:
        reader = await answered(hasty, socket)
    finally:
        provider.start()
    assert (reader.status, end(reader)["retryable"]) == ("upstream_failed", True)
    assert "could not be reached" in end(reader)["message"]
    assert reader.start
    script = provider.script(tokens=5)
    request_id = "00000000-0000-4000-8000-000000000001"
    await socket.send("ai:continue", request_id=request_id, message_id=reader.start["message_id"])
    again = await socket.ended(socket.reader(request_id))
    assert again.text == script.text


async def test_a_provider_that_does_not_begin_is_given_up(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    for held_back in ({"first_token_delay_s": 60}, {"header_delay_s": 60}):
        provider.script_next(**held_back)
        reader = await answered(hasty, socket)
        assert (reader.status, end(reader)["retryable"], reader.text) == ("timeout", True, "")
        await provider.requests[-1].aleft()
    assert len(provider.requests) == 2


# ── fallback ──


@pytest.mark.parametrize(
    "failure", [{"status": 529}, {"status": 500}, {"ending": "hang_up"}, {"header_delay_s": 60}], ids=str
)
async def test_the_next_model_answers_in_its_own_name(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, failure: dict[str, Any]
) -> None:
    provider.script(model="first", **failure)
    script = provider.script(tokens=10, model="second")
    reader = await answered(hasty, socket, model="first")
    starts = [frame for frame in socket.frames if frame["type"] == "ai:start"]
    assert [(frame["model"], frame["epoch"], frame["after"]) for frame in starts] == [("first", 1, 0), ("second", 2, 0)]
    assert (reader.text, reader.status, reader.epoch) == (script.text, "completed", 2)
    # A call whose connection turns out to be closed is made again on a new one.
    assert [recording.model for recording in provider.requests] in [["first", "second"], ["first", "first", "second"]]


async def test_the_whole_chain_is_tried_and_the_last_is_asked_again(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(status=503)
    reader = await answered(hasty, socket, model="first")
    assert reader.status == "upstream_overloaded"
    assert [recording.model for recording in provider.requests] == ["first", "second", "third", "third", "third"]
    assert reader.start
    assert reader.start["model"] == "third"


async def test_a_refusal_that_another_model_would_not_mend_is_final(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(status=401)
    reader = await answered(hasty, socket, model="first")
    assert (reader.status, len(provider.requests)) == ("upstream_auth", 1)


async def test_nobody_else_goes_on_with_an_answer_that_was_begun(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(tokens=20, ending="overload", after=5, model="first")
    reader = await answered(hasty, socket, model="first")
    assert [recording.model for recording in provider.requests] == ["first"]
    assert reader.text == provider.requests[0].text


async def test_who_comes_later_sees_one_start_of_the_model_that_speaks(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    provider.script(status=529, model="first")
    provider.script(tokens=100, rate=100, model="second")
    reader = await socket.generate("Tell me", model="first")
    await socket.until(lambda: len(reader.text) > 20)
    async with signed_in(hasty) as late:
        await late.send("ai:resume", request_id=reader.request_id, after=3, epoch=1)
        other = await late.ended(late.reader(reader.request_id))
    await accounted_for(hasty, socket, await socket.ended(reader))
    assert other.start
    assert (other.start["model"], other.starts, other.text) == ("second", 1, reader.text)


# ── ends in the middle ──


@pytest.mark.parametrize("model", ["scripted", "claude"])
@pytest.mark.parametrize(
    ("ending", "status", "reason"),
    [
        ("close", "interrupted", "connection_lost"),
        ("cut", "interrupted", "connection_lost"),
        ("reset", "interrupted", "connection_lost"),
        ("silence", "interrupted", "timeout"),
        ("overload", "upstream_overloaded", None),
        ("garbage", "upstream_failed", None),
        ("flood", "upstream_failed", None),
    ],
)
async def test_an_answer_that_breaks_off_keeps_its_text_and_says_so(
    hasty: LiveServer,
    socket: SocketClient,
    provider: ProviderServer,
    model: str,
    ending: Any,
    status: str,
    reason: str | None,
) -> None:
    script = provider.script(tokens=20, rate=200, ending=ending, after=8)
    reader = await answered(hasty, socket, model=model)
    assert (reader.status, end(reader).get("finish_reason")) == (status, reason)
    assert reader.text == "".join(script.pieces[:8])
    assert len(provider.requests) == 1
    if ending == "silence":
        await provider.requests[0].aleft()


async def test_an_answer_that_takes_too_long_is_cut(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    """However slowly it drips: each token moves the idle limit, none the total one."""
    for model, rate in (("scripted", 20), ("claude", 2)):
        provider.script(tokens=1000, rate=rate, model=model)
    readers = [await socket.generate("Tell me", model=model) for model in ("scripted", "claude")]
    for reader in readers:
        await accounted_for(hasty, socket, await socket.ended(reader))
        assert (reader.status, end(reader)["finish_reason"]) == ("truncated", "time_limit")
        assert reader.text
    for recording in provider.requests:
        await recording.aleft()
        assert any(recording.text.startswith(reader.text) for reader in readers)


@pytest.mark.parametrize("model", ["scripted", "claude"])
async def test_reasoning_without_an_answer_is_kept_as_well(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str
) -> None:
    provider.script(thinking=("Let me", " see"), tokens=5, ending="cut", after=0)
    reader = await answered(hasty, socket, model=model)
    assert (reader.status, reader.thinking, reader.text) == ("interrupted", "Let me see", "")


# ── limits ──


@pytest.mark.parametrize("model", ["scripted", "claude"])
async def test_the_output_limit_is_the_providers_to_keep(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str
) -> None:
    script = provider.script(tokens=1000)
    reader = await answered(hasty, socket, model=model)
    assert (reader.status, end(reader)["finish_reason"]) == ("truncated", "length")
    assert provider.requests[0].body["max_tokens"] == MAX_OUTPUT
    assert reader.text == "".join(script.pieces[:MAX_OUTPUT])


@pytest.mark.parametrize("model", ["scripted", "claude"])
async def test_a_provider_that_ignores_the_output_limit_is_cut_off(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str
) -> None:
    provider.script(tokens=100_000, rate=2000, ignore_max_tokens=True)
    reader = await answered(hasty, socket, model=model)
    assert (reader.status, end(reader)["finish_reason"]) == ("truncated", "length")
    assert MAX_OUTPUT * 0.5 < len(reader.text.split()) < MAX_OUTPUT * 2
    await provider.requests[0].aleft()


@pytest.mark.parametrize("ignores", [False, True])
async def test_an_answer_ends_where_the_budget_does(hasty: LiveServer, provider: ProviderServer, ignores: bool) -> None:
    """Bob's budget is for a few answers: the last one gets what is left, then nothing more is asked for."""
    async with signed_in(hasty, "bob") as socket:
        execute(hasty, "UPDATE accounts_usageday SET used = 0 WHERE user_id = ?", UUID(hasty.people["bob"]["id"]).hex)
        execute(hasty, "DELETE FROM accounts_reservation WHERE user_id = ?", UUID(hasty.people["bob"]["id"]).hex)
        provider.script(tokens=100_000, rate=2000, ignore_max_tokens=ignores)
        reasons = []
        for _ in range(10):
            reader = await socket.generate("Tell me")
            await socket.until(lambda: reader.end or _refused(socket, reader))  # noqa: B023
            if reader.end is None:
                break
            await accounted_for(hasty, socket, reader)
            reasons.append(end(reader)["finish_reason"])
            assert end(reader)["budget"]["used"] <= BUDGET
        assert _refused(socket, reader) == "budget_exhausted"
        assert set(reasons) <= {"length", "budget"}
        assert len(provider.requests) == len(reasons) >= 3


def _refused(socket: SocketClient, reader: Reader) -> str | None:
    refusals = [frame for frame in socket.frames if frame["type"] == "ai:error" and "seq" not in frame]
    return next((frame["code"] for frame in refusals if frame.get("request_id") == reader.request_id), None)


# ── counting ──

ABSURD = [
    {"prompt_tokens": -5, "completion_tokens": -1},
    {"prompt_tokens": 0, "completion_tokens": 0},
    {"prompt_tokens": 10**12, "completion_tokens": 10**12},
    {"prompt_tokens": 2**31 - 1, "completion_tokens": 20},
    {"prompt_tokens": 20, "completion_tokens": 10**400},
    {"prompt_tokens": "many", "completion_tokens": None},
    {"prompt_tokens": 12.5, "completion_tokens": True},
    {"prompt_tokens": [1], "completion_tokens": {"a": 1}},
    {},
]


@pytest.mark.parametrize("usage", ["missing", *ABSURD], ids=lambda usage: str(usage)[:60])
async def test_counts_that_cannot_be_believed_are_replaced_by_ours(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, usage: Any
) -> None:
    script = provider.script(tokens=30, usage=usage)
    reader = await answered(hasty, socket)
    counted = end(reader)["usage"]
    assert (reader.text, reader.status) == (script.text, "completed")
    assert counted["estimated"] is True
    assert 15 <= counted["output_tokens"] <= 90
    assert 1 <= counted["input_tokens"] <= 200
    assert counted["cached_input_tokens"] == 0


async def test_a_count_that_can_be_believed_is_the_providers(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer
) -> None:
    usage = {"prompt_tokens": 21, "completion_tokens": 31, "prompt_tokens_details": {"cached_tokens": 7}}
    provider.script(tokens=30, usage=usage)
    counted = end(await answered(hasty, socket))["usage"]
    assert counted == {"input_tokens": 21, "output_tokens": 31, "cached_input_tokens": 7, "estimated": False}


@pytest.mark.parametrize("model", ["scripted", "claude"])
@pytest.mark.parametrize("packet_bytes", [1, 5])
async def test_characters_split_between_packets_arrive_whole(
    hasty: LiveServer, socket: SocketClient, provider: ProviderServer, model: str, packet_bytes: int
) -> None:
    script = provider.script(
        tokens=("Grüße ", "aus ", "東京", " 😀👩‍👩‍👧", "\n\u2028", "Ende"), packet_bytes=packet_bytes
    )
    reader = await answered(hasty, socket, model=model)
    assert (reader.text, reader.status) == (script.text, "completed")


# ── after a crash ──


async def test_an_answer_that_a_fallback_began_is_taken_over_by_it_alone(
    start_server: Callable[..., LiveServer], upstream: ProviderServer
) -> None:
    """The model that failed before works again: what was seen stays, and who spoke goes on."""
    upstream.reset()
    server = start_server(OPENAI_BASE_URL=upstream.openai_url, OPENAI_MODELS="first,second", DEFAULT_MODEL="first")
    chain(server, "first", "second")
    upstream.script(status=529, model="first")
    script = upstream.script(tokens=60, rate=100, model="second")
    socket = await open_socket(server)
    reader = await socket.generate("Tell me")
    await socket.until(lambda: len(reader.text) > 40)
    server.kill()
    socket.cut()
    upstream.script(tokens=("wrong",), model="first")
    server.start()
    socket = await open_socket(server, readers=socket.readers)
    await socket.send(**{"type_": "ai:resume", **_without_type(reader.resume_frame())})
    await socket.ended(reader)
    await socket.close()
    assert (reader.text, reader.status, reader.gaps) == (script.text, "completed", 0)
    assert reader.start
    assert (reader.start["model"], reader.epoch) == ("second", 2)
    assert [recording.model for recording in upstream.requests] == ["first", "second", "second"]


def _without_type(frame: Frame) -> Frame:
    return {name: value for name, value in frame.items() if name != "type"}


async def test_a_fallback_that_is_too_small_is_passed_over(
    start_server: Callable[..., LiveServer], upstream: ProviderServer
) -> None:
    upstream.reset()
    server = start_server(OPENAI_BASE_URL=upstream.openai_url, OPENAI_MODELS="first,small,third", DEFAULT_MODEL="first")
    chain(server, "first", "small", "third")
    execute(server, "UPDATE chat_languagemodel SET context_window = 300 WHERE name = 'small'")
    upstream.script(status=529, model="first")
    socket = await open_socket(server)
    reader = await socket.ended(await socket.generate("words " * 300))
    await socket.close()
    assert reader.status == "completed"
    assert reader.start
    assert reader.start["model"] == "third"
