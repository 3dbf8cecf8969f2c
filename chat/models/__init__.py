"""The nouns of the chat, one file each."""

from .content_rule import ContentRule
from .conversation import Conversation
from .draft import Draft
from .feedback import Feedback
from .generation import Generation
from .hidden_message import HiddenMessage
from .import_job import Import
from .language_model import LanguageModel
from .message import Message
from .origin import Origin
from .pause import Pause
from .provider_connection import ProviderConnection
from .provider_limit import ProviderLimit
from .report import Report
from .share import Share

__all__ = [
    "ContentRule",
    "Conversation",
    "Draft",
    "Feedback",
    "Generation",
    "HiddenMessage",
    "Import",
    "LanguageModel",
    "Message",
    "Origin",
    "Pause",
    "ProviderConnection",
    "ProviderLimit",
    "Report",
    "Share",
]
