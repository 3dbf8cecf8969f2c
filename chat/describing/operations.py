"""What can be asked over HTTP: each address with what it takes and gives."""

from typing import Any, Literal

import msgspec

from chat.protocol import Continue, Generate, Regenerate
from chat.protocol.records import ConversationPage, ConversationWhole, Me, ModelList
from chat.views.events import ChatRequest

ID = {"type": "string", "format": "uuid"}
EVENTS = "events"


class Parameter(msgspec.Struct, frozen=True):
    name: str
    place: Literal["path", "query", "header"]
    words: str
    schema: dict[str, Any] = msgspec.field(default_factory=lambda: dict(ID))

    @property
    def required(self) -> bool:
        return self.place == "path"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """``answer``: a struct, a stream of events, or nothing. ``refusals``: the statuses of its own, besides those that
    every operation has."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    words: str
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    answer: Any = None
    refusals: tuple[int, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether a key that may only read is refused."""
        return self.method != "GET"


REQUEST = Parameter("request_id", "path", "The id that the client gave the request.")
ASKING = (404, 409, 413, 429, 502, 503)

OPERATIONS = (
    Operation(name="me", method="GET", path="/api/me", words="Whose key this is, and the budget today.", answer=Me),
    Operation(
        name="models",
        method="GET",
        path="/api/models",
        words="The models to choose from, the default first.",
        answer=ModelList,
    ),
    Operation(
        name="conversations",
        method="GET",
        path="/api/conversations",
        words="Your conversations, the newest first.",
        parameters=(
            Parameter("before", "query", "The “next” of the page before.", {"type": "string"}),
            Parameter("limit", "query", "How many.", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
        ),
        answer=ConversationPage,
        refusals=(400,),
    ),
    Operation(
        name="conversation",
        method="GET",
        path="/api/conversations/{id}",
        words="A conversation of yours, or one that is shared with you, with all its messages.",
        parameters=(Parameter("id", "path", "The conversation."),),
        answer=ConversationWhole,
        refusals=(404,),
    ),
    Operation(
        name="chat",
        method="POST",
        path="/api/chat",
        words="Ask, and read the answer as it is written. The same request_id again gives the same answer.",
        body=ChatRequest,
        answer=EVENTS,
        refusals=(400, *ASKING),
    ),
    Operation(
        name="generations",
        method="POST",
        path="/api/generations",
        words="Ask with a frame of the socket: a new answer, another one, or the rest of one.",
        body=Generate | Regenerate | Continue,
        answer=EVENTS,
        refusals=(400, *ASKING),
    ),
    Operation(
        name="events",
        method="GET",
        path="/api/generations/{request_id}/events",
        words="Go on reading an answer from a cursor, or read it again from its beginning.",
        parameters=(
            REQUEST,
            Parameter("after", "query", "The last seq you have; default 0.", {"type": "integer", "minimum": 0}),
            Parameter("Last-Event-ID", "header", "The same, as browsers send it.", {"type": "string"}),
        ),
        answer=EVENTS,
        refusals=(400, 404),
    ),
    Operation(
        name="cancel",
        method="POST",
        path="/api/generations/{request_id}/cancel",
        words="Stop an answer. It may be asked again without harm.",
        parameters=(REQUEST,),
        refusals=(404,),
    ),
)
