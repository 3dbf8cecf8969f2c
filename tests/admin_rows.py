"""Rows of any table, made from its fields, with hostile texts; no two share what they point to."""

import datetime
import itertools
import uuid
from decimal import Decimal
from typing import Any, TypeVar, cast

from django.db import models
from django.utils import timezone

from accounts.models import AuditEntry

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
Row = TypeVar("Row", bound=models.Model)

# What a table's own rules ask for, and what nothing can be made of.
FIXED: dict[str, dict[str, Any]] = {
    "accounts.BudgetRequest": {"decided_by": None, "decided_at": None, "usage_day": None, "state": "open"},
    "accounts.CostBudget": {"for_site": False},
    "accounts.Invitation": {"accepted_at": None},
    "accounts.Reservation": {"state": "held", "settled_at": None, "amount": 9, "settled_amount": 0, "input_tokens": 2},
    "accounts.TokenBudget": {"user": None, "for_site": False},
    "accounts.User": {"is_staff": False, "time_zone": "UTC", "language": "", "is_active": True},
    "auth.Permission": {},
    "chat.ContentRule": {"enabled": False},
    "chat.Conversation": {"active_leaf": None, "deleted_at": None},
    "chat.Generation": {"status": "running", "continues": None},
    "chat.LanguageModel": {"is_default": False, "fallback": None},
    "chat.LegalHold": {"conversation": None, "released_at": None},
    "chat.Message": {"parent": None, "hidden_at": None},
    "chat.PromptTemplate": {"owner": None},
    "chat.ProviderConnection": {"sealed_key": "", "base_url": "http://127.0.0.1:9/v1", "kind": "openai"},
    "chat.Report": {"state": "new", "message": None, "shown": [{"role": "assistant", "text": HOSTILE}]},
}
_numbers = itertools.count(1)


def make(table: type[Row], **given: Any) -> Row:
    """A new row, and new ones for all that it points to."""
    number = next(_numbers)
    if table is AuditEntry:
        entry = AuditEntry.objects.record(None, f"test.{HOSTILE}"[:50], note=HOSTILE, after={"name": HOSTILE})
        return cast("Row", entry)
    fixed = FIXED.get(table._meta.label, {}) | given
    fields = {
        field.name: fixed[field.name] if field.name in fixed else value(field, number)
        for field in table._meta.concrete_fields
        if not isinstance(field, models.AutoField)
    }
    row = table(**fields)
    table._base_manager.bulk_create([row])  # as it is: what a table does when it is saved may not like it
    return row


def value(field: Any, number: int) -> Any:
    """Something for a field: a text is hostile, a choice one of those there are."""
    if isinstance(field, models.ForeignKey):
        return make(field.related_model)
    if field.choices and not field.unique:
        return field.choices[number % len(field.choices)][0]
    if isinstance(field, models.EmailField):
        return f"{number}{HOSTILE}@example.org"
    if isinstance(field, models.CharField | models.TextField):
        text = f"{number}{HOSTILE}" if field.unique else f"{HOSTILE}{number}"
        return text[: field.max_length]
    return plain_value(field, number)


def plain_value(field: Any, number: int) -> Any:
    match field:
        case models.UUIDField():
            return uuid.uuid4()
        case models.DateTimeField():
            return timezone.now() + datetime.timedelta(seconds=number)
        case models.DateField():
            return timezone.now().date()
        case models.JSONField():
            return {"name": HOSTILE} if field.default is dict else []
        case models.BooleanField():
            return bool(field.get_default())
        case models.DecimalField():
            return Decimal(0)
    default = field.get_default()
    return 0 if default is None else default
