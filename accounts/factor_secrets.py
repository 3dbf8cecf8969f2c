"""The secrets behind second factors, sealed where they are stored: the database's file alone opens no account."""

import logging
import secrets

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from config import sealing

logger = logging.getLogger(__name__)
FIELDS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


def unseal(sealed: str) -> str:
    """The secret; one that nobody knows, and no code fits, when its secret key is gone."""
    try:
        return sealing.unseal(sealed)
    except sealing.Unreadable:
        logger.error("a second factor cannot be read: its SECRET_KEY is not among SECRET_KEY_FALLBACKS")
        return secrets.token_hex(20).upper().translate(str.maketrans("0189", "ABCD"))  # also valid as base32


def reseal() -> None:
    """All of them under today's secret key, so that an earlier one can be dropped after a start. Blocking."""
    if not settings.SECRET_KEY_FALLBACKS:
        return
    with transaction.atomic():
        for authenticator in Authenticator.objects.select_for_update().filter(type__in=FIELDS):
            field = FIELDS[authenticator.type]
            try:
                authenticator.data[field] = sealing.resealed(authenticator.data[field])
            except sealing.Unreadable:
                continue
            authenticator.save(update_fields=["data"])
