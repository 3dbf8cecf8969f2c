"""The API's description: a page for people, two documents for machines. Anybody may read how it works."""

from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from chat.describing import OPERATIONS, asyncapi, openapi
from chat.describing.asyncapi import CLIENT, CLOSINGS, server_frames, tag
from chat.describing.operations import EVENTS


class Field(msgspec.Struct, frozen=True):
    name: str
    kind: str
    required: bool


class Shape(msgspec.Struct, frozen=True):
    """A frame or a body, and its fields."""

    name: str
    words: str
    fields: list[Field]


@require_GET
@login_not_required
def page(request: HttpRequest) -> HttpResponse:
    context = {
        "operations": [(each, _bodies(each.body), each.answer == EVENTS) for each in OPERATIONS],
        "client_frames": [_shape(frame) for frame in CLIENT],
        "server_frames": [_shape(frame) for frame in server_frames()],
        "closings": CLOSINGS.items(),
        "site": settings.SITE_URL,
    }
    return render(request, "api/docs.html", context)


@require_GET
@login_not_required
def openapi_json(request: HttpRequest) -> HttpResponse:
    return JsonResponse(openapi())


@require_GET
@login_not_required
def asyncapi_json(request: HttpRequest) -> HttpResponse:
    return JsonResponse(asyncapi())


def _bodies(body: Any) -> list[Shape]:
    if body is None:
        return []
    return [_shape(each) for each in getattr(body, "__args__", (body,))]


def _shape(struct: Any) -> Shape:
    config = struct.__struct_config__
    fields = [Field(each.encode_name, _kind(each.type), each.required) for each in msgspec.structs.fields(struct)]
    if config.tag:
        fields.insert(0, Field("type", f"“{tag(struct)}”", required=True))
    words = (struct.__doc__ or "").strip() if "__doc__" in vars(struct) else ""
    return Shape(tag(struct) if config.tag else struct.__name__, words, fields)


def _kind(annotation: Any) -> str:
    """A type in words of JSON."""
    parts = [part for part in getattr(annotation, "__args__", ()) if part is not type(None)]
    names = {"str": "text", "int": "number", "float": "number", "bool": "true or false", "UUID": "id"}
    if not parts or not hasattr(annotation, "__or__") or isinstance(annotation, type):
        return names.get(getattr(annotation, "__name__", ""), "object")
    return " or ".join(dict.fromkeys(_kind(part) if not isinstance(part, str) else f"“{part}”" for part in parts))
