"""Who people are and what they may spend."""

from .api_key import ApiKey
from .audit_entry import AuditEntry, AuditHead
from .budget_request import BudgetRequest
from .cost_budget import CostBudget
from .cost_month import CostMonth
from .invitation import Invitation
from .reservation import Reservation
from .setup_link import SetupLink
from .token_budget import TokenBudget
from .usage_day import UsageDay
from .user import User

__all__ = [
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "BudgetRequest",
    "CostBudget",
    "CostMonth",
    "Invitation",
    "Reservation",
    "SetupLink",
    "TokenBudget",
    "UsageDay",
    "User",
]
