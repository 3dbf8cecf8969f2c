"""Does a connection work? Found out as a person would: by asking a model for a word, and waiting for it."""

import asyncio
import logging
import time
from contextlib import suppress

import msgspec
from django.utils.translation import gettext as _

from chat.models import ProviderConnection

from . import Finish, Prompt, Provider, ProviderError, Text, Thinking, Turn
from .known_limits import is_for_chat
from .registry import Kind, import_sdk, make

logger = logging.getLogger(__name__)
LIST_S = 10.0
TOKEN_S = 20.0
MAX_OUTPUT_TOKENS = 16


class Verdict(msgspec.Struct, frozen=True):
    """What was found, in sentences for an admin, the last one of what failed."""

    well: bool
    sentences: tuple[str, ...]


async def probe(connection: ProviderConnection, model: str = "") -> Verdict:
    """Stream from ``model``, or from the first one there is. Never raises for what the provider does.

    The provider's own words go to the log alone: they may be of an address that nobody here may read.
    """
    await import_sdk(Kind(connection.kind))
    provider = make(Kind(connection.kind), connection)
    said = [_("Asking %(origin)s.") % {"origin": connection.origin}]
    if connection.sealed_key and not connection.key:
        said.append(_("The stored key cannot be used: it is for another address, or the secret key has changed."))
        return Verdict(False, tuple(said))
    try:
        model = model or next(iter(connection.names), "") or await _first_model(provider, said)
        said.append(await _stream(provider, model))
        return Verdict(True, tuple(said))
    except ProviderError as error:
        logger.warning("test of a connection: connection=%s code=%s %s", connection.pk, error.code, error.detail)
        return Verdict(False, (*said, error.message))
    except TimeoutError:
        return Verdict(False, (*said, _("No token came within %(seconds)d seconds.") % {"seconds": TOKEN_S}))
    finally:
        with suppress(OSError):
            await provider.aclose()


async def _first_model(provider: Provider, said: list[str]) -> str:
    """One that the provider says it has. Raises ProviderError, also when there is none."""
    async with asyncio.timeout(LIST_S):
        offered = [one.name for one in await provider.offered_models() if is_for_chat(one.name)]
    said.append(_("It answers and offers %(count)d models to talk to.") % {"count": len(offered)})
    if not offered:
        raise ProviderError("model_unavailable", _("Name one of its models: it offers none."), retryable=False)
    return offered[0]


async def _stream(provider: Provider, model: str) -> str:
    """Ask for a word; the sentence that says how that went. Raises ProviderError and TimeoutError."""
    started_at = time.monotonic()
    asked = Prompt(model=model, turns=(Turn("user", "Say OK."),), max_output_tokens=MAX_OUTPUT_TOKENS)
    async with asyncio.timeout(TOKEN_S), provider.stream(asked) as batches:
        async for batch in batches:
            if any(isinstance(delta, Text | Thinking | Finish) for delta in batch):
                values = {"model": model, "ms": round((time.monotonic() - started_at) * 1000)}
                return _("%(model)s sent its first token after %(ms)d ms.") % values
    sentence = _("The connection to %(model)s was lost before its first token.") % {"model": model}
    raise ProviderError("upstream_failed", sentence, retryable=True)
