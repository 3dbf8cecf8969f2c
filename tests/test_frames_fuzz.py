"""Whatever a client sends, ``decode`` gives a frame or refuses it: nothing else ever comes out."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from chat import protocol
from chat.protocol import ClientFrame, Refused

TYPES = [
    *("ai:generate", "ai:regenerate", "ai:continue", "ai:cancel", "ai:resume", "ping"),
    *("conversation:open", "conversation:close"),
]
FIELDS = [
    *("request_id", "prompt", "conversation_id", "parent_id", "edits", "model", "attachments"),
    *("message_id", "after", "epoch", "id", "type", "field", "a`b", "$.type", ""),
]
ID = "3f1c8a52-9f43-4d0e-8f8b-0d5b6f3f6a11"

scalars = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.text(some.characters()),
    some.sampled_from([ID, ID.upper(), ID.replace("-", ""), "", "\0", " - at `$.x`", "\ud800", 10**400, -1, 1e400]),
)
values = some.recursive(
    scalars,
    lambda inner: some.one_of(some.lists(inner, max_size=3), some.dictionaries(some.text(), inner, max_size=3)),
    max_leaves=8,
)
fields = some.dictionaries(some.one_of(some.sampled_from(FIELDS), some.text(max_size=5)), values, max_size=6)
frames = some.builds(
    lambda more, kind: more | {"type": kind},
    fields,
    some.one_of(some.sampled_from(TYPES), values),
)


def decoded(text: str | bytes) -> protocol.AnyClientFrame | Refused:
    """The frame or the refusal, whose parts are what they should be."""
    try:
        frame = protocol.decode(text)
    except Refused as error:
        refused = error
    else:
        assert isinstance(frame, ClientFrame)
        return frame
    assert refused.code in {"bad_request", "too_large"}
    assert refused.field is None or isinstance(refused.field, str)
    assert refused.request_id is None or isinstance(refused.request_id, UUID)
    assert refused.message.endswith(".")
    protocol.encode(refused.frame())  # and it can be sent
    return refused


@settings(deadline=None, max_examples=300)
@given(frames)
def test_any_object_is_a_frame_or_refused(frame: dict[str, Any]) -> None:
    decoded(json.dumps(frame))
    decoded(json.dumps(frame).encode())


@settings(deadline=None)
@given(values)
def test_any_json_is_a_frame_or_refused(value: Any) -> None:
    decoded(json.dumps(value))


@settings(deadline=None)
@given(some.one_of(some.text(some.characters()), some.binary()))
def test_any_text_and_any_bytes_are_refused(raw: str | bytes) -> None:
    assert isinstance(decoded(raw), Refused)


@settings(deadline=None)
@given(frames, some.integers(0, 400), some.binary(max_size=4))
def test_a_frame_cut_or_damaged_anywhere_is_a_frame_or_refused(frame: dict[str, Any], place: int, noise: bytes) -> None:
    whole = json.dumps(frame).encode()
    decoded(whole[:place])
    decoded(whole[:place] + noise + whole[place + len(noise) :])


@pytest.mark.parametrize("name", ["id", "request_id", "prompt", "unknown", "type"])
def test_nesting_of_any_depth_is_refused(name: str) -> None:
    """The largest frame there may be, nothing but brackets: also where the decoder only skips them."""
    depth = protocol.MAX_FRAME_BYTES // 2 - 100
    refused = decoded(f'{{"type": "ping", "{name}": {"[" * depth}{"]" * depth}}}')
    assert isinstance(refused, Refused)
    assert refused.code == "bad_request"


@pytest.mark.parametrize("kind", TYPES)
def test_a_refusal_names_its_request(kind: str) -> None:
    refused = decoded(json.dumps({"type": kind, "request_id": ID, "nobody": "knows"}))
    assert isinstance(refused, Refused)
    assert refused.request_id == UUID(ID)


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63, 2**64])
@pytest.mark.parametrize("name", ["after", "epoch"])
def test_a_number_that_no_cursor_can_be_is_harmless(name: str, number: int) -> None:
    decoded(json.dumps({"type": "ai:resume", "request_id": ID, "after": 0} | {name: number}))


def test_a_prompt_at_the_limit_is_a_frame_and_one_beyond_it_is_too_large() -> None:
    frame = {"type": "ai:generate", "request_id": ID}
    assert isinstance(decoded(json.dumps(frame | {"prompt": "ä" * protocol.MAX_PROMPT_CHARS})), protocol.Generate)
    refused = decoded(json.dumps(frame | {"prompt": "ä" * (protocol.MAX_PROMPT_CHARS + 1)}))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field, refused.request_id) == ("too_large", "prompt", UUID(ID))
