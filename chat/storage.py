"""What a person is told when the server cannot store anything."""

from django.db import DatabaseError
from django.utils.translation import gettext as _

from .protocol import Refused


def storage_refusal(error: DatabaseError) -> Refused:
    """SQLite says what is wrong only in words; the common causes get a sentence of their own."""
    words = str(error).lower()
    if "full" in words or "disk i/o" in words:
        sentence = _("The server's disk is full or failing, so nothing can be stored. Please tell your admin.")
    elif "readonly" in words or "unable to open" in words:
        sentence = _("The server cannot write to its data folder, so nothing can be stored. Please tell your admin.")
    else:
        sentence = _("The server could not store this. Please try again.")
    return Refused("internal", sentence, retryable=True)
