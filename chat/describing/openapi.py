"""The OpenAPI 3.1 document of what can be asked over HTTP."""

from http import HTTPStatus
from typing import Any

import msgspec
from django.conf import settings

from chat.protocol import Error

from .operations import EVENTS, OPERATIONS, Operation, Parameter

REFERENCES = "#/components/schemas/{name}"
ALWAYS = (401, 403)  # no key, or one that may not
STREAM = {
    "type": "object",
    "description": "One event: a frame of the socket as JSON in its data; the last one is [DONE].",
    "properties": {"id": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}


def openapi() -> dict[str, Any]:
    types = [Error, *(each for one in OPERATIONS for each in (one.body, one.answer) if each and each != EVENTS)]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCES)
    known = dict(zip(map(id, types), schemas, strict=True))
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": settings.SITE_NAME, "version": "1", "description": "Chat with language models."},
        "servers": [{"url": settings.SITE_URL}],
        "security": [{"key": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A personal API key."},
                "session": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
            },
        },
    }


def _operation(operation: Operation, known: dict[int, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.words,
        "parameters": [_parameter(each) for each in operation.parameters],
        "responses": _answers(operation, known),
    }
    if operation.body is not None:
        content = {"application/json": {"schema": known[id(operation.body)]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.words,
        "required": parameter.required,
        "schema": parameter.schema,
    }


def _answers(operation: Operation, known: dict[int, Any]) -> dict[str, Any]:
    if operation.answer is None:
        well: dict[str, Any] = {"204": {"description": "It is done, or was before."}}
    elif operation.answer == EVENTS:
        well = {"200": {"description": "The events.", "content": {"text/event-stream": {"schema": STREAM}}}}
    else:
        content = {"application/json": {"schema": known[id(operation.answer)]}}
        well = {"200": {"description": "What was asked for.", "content": content}}
    error = {"application/json": {"schema": known[id(Error)]}}
    refusals = sorted({*ALWAYS, *operation.refusals})
    return well | {str(code): {"description": HTTPStatus(code).phrase, "content": error} for code in refusals}
