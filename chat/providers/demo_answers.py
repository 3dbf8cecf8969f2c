"""Which of the demo's written answers (``demo_texts``, in English and German) fits what was asked."""

import ast
import functools
import operator
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

Language = Literal["en", "de"]
TEXTS = Path(__file__).parent / "demo_texts"

GERMAN = re.compile(
    r"(?i)[äöüß]|\b(hallo|moin|servus|guten|danke|bitte|ich|du|ist|und|oder|nicht|wie|was|wer|wo|warum|wann|eine?n?"
    r"|der|die|das|mir|mit|zeig|zeige|schreib|schreibe|erkläre|tabelle|liste|hilfe|viel)\b"
)
ENGLISH = re.compile(r"(?i)\b(the|is|are|what|how|why|you|me|please|show|write|in|of|an?|to|and|die[ds]?|was)\b")

# The first pattern that is found decides.
TOPICS: list[tuple[str, re.Pattern[str]]] = [
    (
        "help",
        re.compile(r"(?i)\b(help|hilfe|who are you|wer bist du|what (are|can) you|was kannst du|api.?key|\.env)\b"),
    ),
    ("table", re.compile(r"(?i)\b(tables?|tabellen?)\b")),
    ("code", re.compile(r"(?i)\b(code|python|javascript|function|program|script|funktion|programm|skript)\b")),
    ("maths", re.compile(r"(?i)\b(maths?|mathe\w*|formulas?|formeln?|equations?|gleichung\w*|latex)\b")),
    ("list", re.compile(r"(?i)\b(lists?|listen?|bullet\w*|aufzählung|steps?|schritte)\b")),
    ("long", re.compile(r"(?i)\b(long|lang\w*|essay|aufsatz|story|geschichte|detail\w*|ausführlich\w*)\b")),
    (
        "greeting",
        re.compile(r"(?i)^\W*(hi|hello|hey|good (morning|evening|day)|hallo|moin|servus|guten (tag|morgen|abend))\b"),
    ),
]

SUM = re.compile(r"\d[\d.]*(?:\s*[-+*/×÷·]\s*\(?\s*-?\d[\d.]*\)?)+")
RANGE = re.compile(r"[\d.-]+")  # a date, a telephone number, "2-3"
OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def language_of(asked: str) -> Language:
    """German when more speaks for it than for English."""
    return "de" if len(GERMAN.findall(asked)) > len(ENGLISH.findall(asked)) else "en"


@functools.cache
def written(name: str, language: Language) -> str:
    """One of the texts in ``demo_texts``."""
    return (TEXTS / language / f"{name}.md").read_text(encoding="utf-8")


def answer_to(asked: str) -> str:
    """The answer to what was asked, as Markdown; always the same to the same question."""
    language = language_of(asked)
    topic = next((name for name, pattern in TOPICS if pattern.search(asked)), None)
    if topic != "help" and (result := calculated(asked)) is not None:
        return f"{result}\n\n{written('note', language)}"
    return written(topic, language) if topic else _echo(asked, language)


def calculated(asked: str) -> str | None:
    """The result of the first sum in the text, as Markdown; None when there is none."""
    found = SUM.search(asked)
    if found is None or len(found[0]) > 80 or RANGE.fullmatch(found[0]):
        return None
    shown = found[0].rstrip(".").replace("*", "·")
    try:
        value = _value(ast.parse(shown.translate(str.maketrans("×·÷", "**/")), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError):
        return None
    return f"{shown} = **{value:,.0f}**" if value == int(value) else f"{shown} ≈ **{value:,.6g}**"


def _value(node: ast.expr) -> float:
    """Numbers and the four operations; nothing else is evaluated."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) <= 1e15:
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError("not a sum")


def _echo(asked: str, language: Language) -> str:
    """For everything the script has no answer to: what was asked, and why nothing better follows."""
    quoted = "\n".join(f"> {line}" for line in asked.strip()[:300].splitlines()[:6])
    said = {
        "en": "A script cannot answer that; a language model could.",
        "de": "Ein Skript kann darauf nicht antworten, ein Sprachmodell könnte es.",
    }
    return f"{quoted}\n\n{said[language]}\n\n{written('help', language)}"
