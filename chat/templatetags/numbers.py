"""Numbers as people of the page's language write them."""

from decimal import Decimal

from django import template
from django.utils import formats

register = template.Library()


@register.filter
def grouped(number: float | Decimal | None, places: int = 0) -> str:
    """``12345.6`` → ``12,346`` in English, ``12.346`` in German."""
    if number is None:
        return ""
    return formats.number_format(f"{number:.{places}f}", places, force_grouping=True)


@register.filter
def percent_of(part: int, whole: int) -> str:
    """``1`` of ``8`` → ``13 %``; of nothing it is nothing."""
    return f"{round(100 * part / whole) if whole else 0} %"
