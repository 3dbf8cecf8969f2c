"""What somebody finds, as a test reads it."""

from accounts.models import User
from chat.models import Conversation


def titles(user: User, words: str) -> list[str]:
    return ["".join(piece.text for piece in found.title) for found in Conversation.objects.search(user, words)]


def marked(user: User, words: str) -> list[str]:
    """What is marked in the results."""
    found = Conversation.objects.search(user, words)
    everything = [piece for one in found for piece in (*one.title, *(p for hit in one.hits for p in hit.pieces))]
    return [piece.text for piece in everything if piece.matches]
