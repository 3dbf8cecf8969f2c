"""Where a continuation meets the text it continues."""

from . import Turn

INSTRUCTION = (
    "Your last answer was cut off. Continue it from exactly where the text stops, even in the middle of a word, "
    "a table or a code block. Repeat nothing, do not comment on the interruption, and begin with a space or a "
    "line break only if the text needs one there."
)


class Seam:
    """Avoids doubled white space: the text continued ends in some, and the continuation brings the same again.

    Where it is shown the text without its trailing white space (Anthropic accepts none there, and in words it
    would be anybody's guess), a model may begin with it or leave it out; we have it either way.
    """

    def __init__(self, trailing: str = "") -> None:
        self.left = trailing  # what the beginning of the continuation may still repeat

    @classmethod
    def after(cls, text: str) -> "Seam":
        return cls(text[len(text.rstrip()) :])

    def join(self, text: str) -> str:
        """What of the next piece of the continuation is new."""
        repeated = 0
        while repeated < min(len(text), len(self.left)) and text[repeated] == self.left[repeated]:
            repeated += 1
        text = text[repeated:]
        self.left = "" if text else self.left[repeated:]
        return text


def stripped(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The same turns, the last without its trailing white space."""
    return (*turns[:-1], Turn(turns[-1].role, turns[-1].text.rstrip()))


def instructed(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The same request in words, for models that take no assistant text as the beginning of their answer."""
    return (*stripped(turns), Turn("user", INSTRUCTION))
