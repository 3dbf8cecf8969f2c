"""Which of the site's languages somebody reads best."""

from django.conf import settings
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header


def preferred_language(accept_language: str) -> str:
    """The first language of the header that there is here, else the site's own."""
    for code, _weight in parse_accept_lang_header(accept_language):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
