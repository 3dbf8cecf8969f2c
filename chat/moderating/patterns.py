"""Patterns of content rules: RE2's, which match in linear time whatever they and the text are."""

from functools import lru_cache
from typing import Any

import re2
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_PATTERN = 500  # characters
MAX_MEMORY = 1 << 20  # bytes a compiled one may take


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The pattern, ready to search; without regard to case. Raises ValidationError with a sentence."""
    if len(pattern) > MAX_PATTERN:
        raise ValidationError(_("A pattern has at most %(count)d characters."), params={"count": MAX_PATTERN})
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    options.case_sensitive = False
    try:
        ready = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValidationError(_("This is not a pattern: %(reason)s"), params={"reason": reason}) from None
    if ready.search("") is not None:
        raise ValidationError(_("This pattern matches where there is nothing."))
    return ready
