"""Long answers as models write them: prose, and code in blocks of some hundred lines."""

PROSE = "Some *words* with `code` in them, and a [link](https://example.org/), **strong** ones too.\n\n- one\n- two\n\n"
CODE = "def function_{n}(argument: int) -> dict[str, int]:\n    return {{'n': argument + {n}}}  # a comment\n\n"


def long_code(characters: int) -> str:
    """Prose, and code blocks of some hundred lines."""
    parts, n = [PROSE], 0
    while sum(map(len, parts)) < characters:
        lines = "".join(CODE.format(n=n + line) for line in range(100))
        parts += [f"```python\n{lines}```\n\n", PROSE * 3]
        n += 100
    return "".join(parts)[:characters]


def pieces(text: str, size: int = 5) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]
