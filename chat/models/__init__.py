"""The nouns of the chat, one file each."""

from .content_rule import ContentRule
from .conversation import Conversation
from .conversation_reading import ConversationReading
from .daily_rollup import DailyRollup
from .draft import Draft
from .feedback import Feedback
from .generation import Generation
from .hidden_message import HiddenMessage
from .import_job import Import
from .language_model import LanguageModel
from .legal_hold import LegalHold
from .message import Message
from .origin import Origin
from .pause import Pause
from .prompt_template import PromptTemplate
from .provider_connection import ProviderConnection
from .provider_limit import ProviderLimit
from .report import Report
from .retention import RetentionRule, RetentionRun
from .share import Share
from .site_prompt import SitePrompt

__all__ = [
    "ContentRule",
    "Conversation",
    "ConversationReading",
    "DailyRollup",
    "Draft",
    "Feedback",
    "Generation",
    "HiddenMessage",
    "Import",
    "LanguageModel",
    "LegalHold",
    "Message",
    "Origin",
    "Pause",
    "PromptTemplate",
    "ProviderConnection",
    "ProviderLimit",
    "Report",
    "RetentionRule",
    "RetentionRun",
    "Share",
    "SitePrompt",
]
