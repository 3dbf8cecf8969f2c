"""Uploading another product's export, and how far its import is."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from chat import generating
from chat.database import in_database
from chat.importing import ImportRefused, Upload, read, run
from chat.importing.reading import MAX_UPLOAD_BYTES
from chat.models import Import

from .data import data_page


@require_POST
async def imports(request: HttpRequest) -> HttpResponse:
    """Checks the file at once and imports it in the background; ``export`` is a JSON file or a ZIP with one."""
    user = await request.auser()
    assert isinstance(user, User)
    file = request.FILES.get("export")
    try:
        upload = await in_database(_read, file if isinstance(file, UploadedFile) else None)
    except ImportRefused as refused:
        return await in_database(_refused, request, str(refused.words))
    job = await in_database(Import.objects.begin, user, upload.source, len(upload.conversations))
    if job is None:
        return await in_database(_refused, request, _("An import is running already. Wait until it is done."))
    (await generating.started()).spawn(run(user, upload, job))
    return redirect("settings_data")


@require_GET
def progress(request: HttpRequest) -> HttpResponse:
    """The part of the page that says how far the last import is."""
    assert isinstance(request.user, User)
    return render(request, "settings/_import.html", {"job": Import.objects.latest_of(request.user)})


def _read(file: "UploadedFile[Any] | None") -> Upload:
    if file is None:
        raise ImportRefused(_("Choose a file first."))
    if (file.size or 0) > MAX_UPLOAD_BYTES:
        raise ImportRefused(_("This file is too large: at most %d MB.") % (MAX_UPLOAD_BYTES // 2**20))
    return read(file)


def _refused(request: HttpRequest, words: str) -> HttpResponse:
    messages.error(request, words)
    return data_page(request, HTTPStatus.UNPROCESSABLE_ENTITY)
