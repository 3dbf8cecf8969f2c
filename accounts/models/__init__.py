"""Who people are and what they may spend."""

from .announcement import Announcement
from .api_key import ApiKey
from .audit_entry import AuditEntry, AuditHead
from .budget_request import BudgetRequest
from .cost_budget import CostBudget
from .cost_month import CostMonth
from .invitation import Invitation
from .notice import Notice
from .reservation import Reservation
from .setup_link import SetupLink
from .token_budget import TokenBudget
from .usage_day import UsageDay
from .user import User

__all__ = [
    "Announcement",
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "BudgetRequest",
    "CostBudget",
    "CostMonth",
    "Invitation",
    "Notice",
    "Reservation",
    "SetupLink",
    "TokenBudget",
    "UsageDay",
    "User",
]
