"""Reads a list of people to invite, and says of each line what would come of it."""

import csv
import dataclasses
import io
from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from .models import User

MOST_ROWS = 500


@dataclasses.dataclass(frozen=True)
class Row:
    """One line. ``problem`` says why nobody is invited; empty: somebody is."""

    number: int
    email: str
    groups: tuple[Group, ...] = ()
    problem: str = ""


def read_rows(text: str, groups: Iterable[Group]) -> list[Row]:
    """The lines that say anything. Two queries."""
    by_name = {group.name.lower(): group for group in groups}
    lines = [(n, cells) for n, cells in enumerate(csv.reader(io.StringIO(text)), start=1) if any(map(str.strip, cells))]
    addresses = {cells[0].strip().lower() for _n, cells in lines}
    taken = set(User.objects.filter(email__in=list(addresses)[: 2 * MOST_ROWS]).values_list("email", flat=True))
    seen: set[str] = set()
    rows = []
    for number, cells in lines:
        rows.append(_row(number, cells, by_name, taken | seen))
        seen.add(rows[-1].email)
    return rows


def _row(number: int, cells: list[str], by_name: dict[str, Group], taken: set[str]) -> Row:
    email = cells[0].strip().lower()
    names = [name.strip() for name in ";".join(cells[1:]).split(";") if name.strip()]
    unknown = [name for name in names if name.lower() not in by_name]
    groups = tuple(by_name[name.lower()] for name in names if name.lower() in by_name)
    try:
        validate_email(email)
    except ValidationError:
        return Row(number, email, groups, _("This is not an e-mail address."))
    if email in taken:
        return Row(number, email, groups, _("There is an account with this address, or it is named twice."))
    if unknown:
        return Row(number, email, groups, _("You cannot put anybody into “%(name)s”.") % {"name": unknown[0]})
    if number > MOST_ROWS:
        return Row(number, email, groups, _("At most %(count)d at once.") % {"count": MOST_ROWS})
    return Row(number, email, groups)
