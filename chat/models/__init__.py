"""The nouns of the chat, one file each."""

from .content_rule import ContentRule
from .conversation import Conversation
from .draft import Draft
from .feedback import Feedback
from .generation import Generation
from .import_job import Import
from .language_model import LanguageModel
from .message import Message
from .origin import Origin
from .provider_limit import ProviderLimit
from .share import Share

__all__ = [
    "ContentRule",
    "Conversation",
    "Draft",
    "Feedback",
    "Generation",
    "Import",
    "LanguageModel",
    "Message",
    "Origin",
    "ProviderLimit",
    "Share",
]
