"""Reads settings from the environment or a ``.env`` file; a wrong one ends the start with one sentence."""

import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values


class WrongSetting(SystemExit):
    """Ends any start with exit code 1 and the sentence alone: Django must not dress it as a traceback."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(f"{name} {sentence}")


class Environment:
    """Typed views of text variables; an empty value means "not set" unless a method says otherwise."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @classmethod
    def load(cls, default_file: Path) -> "Environment":
        """The process's environment over the file ``ENV_FILE`` names (``.env``; empty: no file)."""
        file = os.environ.get("ENV_FILE", str(default_file))
        if os.environ.get("ENV_FILE") and not Path(file).is_file():
            raise WrongSetting("ENV_FILE", f"names {file}, and there is no such file.")
        try:
            in_file = dotenv_values(file, interpolate=False) if file else {}
        except (OSError, UnicodeDecodeError) as error:
            raise WrongSetting("ENV_FILE", f"names {file}, which cannot be read ({error}).") from error
        return cls({name: value or "" for name, value in in_file.items()} | os.environ)

    def given(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, "").strip() or default

    def items(self, name: str) -> list[str]:
        """A comma-separated list, without empty items."""
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, "1" if default else "0").lower()
        if value not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
            raise WrongSetting(name, f"must be 1 or 0, not “{value}”.")
        return value in {"1", "true", "yes", "on"}

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 10**12) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[+-]?[0-9]{1,15}", value) or not least <= int(value) <= most:
            raise WrongSetting(name, f"must be a whole number from {least} to {most}, not “{value}”.")
        return int(value)

    def integer_or_none(self, name: str, default: int) -> int | None:
        """As ``integer``, but set to nothing it is None."""
        if self.given(name) and not self.text(name):
            return None
        return self.integer(name, default)

    def seconds(self, name: str, default: float, *, zero: bool = False) -> float:
        """A duration; ``zero`` where 0 has a meaning of its own."""
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
            least = "0 or more" if zero else "more than 0"
            raise WrongSetting(name, f"must be a number of seconds, {least}, not “{value}”.")
        return number

    def url(self, name: str, default: str = "") -> str:
        """An http(s) address without a slash at its end; empty when there is none."""
        value = self.text(name, default).rstrip("/")
        if value and not is_http(value):
            raise WrongSetting(name, f"must be a full http:// or https:// address, not “{value}”.")
        return value

    def secret(self, name: str) -> str:
        """Text that goes into a header; its value is never repeated in the sentence."""
        value = self.text(name)
        if not value.isascii() or not value.isprintable() or " " in value:
            raise WrongSetting(name, "holds characters a key cannot have (spaces, line breaks or non-ASCII).")
        return value


def is_http(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
