"""Which browser on which device a User-Agent names, as far as a person needs it to recognise their own."""

import dataclasses
import re

from django.utils.translation import gettext as _

# The first that is found: each of them also claims to be those below it.
BROWSERS = [
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python|aiohttp", "Python"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh|Mac OS", "Mac"),
    ("Linux|X11", "Linux"),
]
HAND_HELD = {"iPhone", "iPad", "Android"}


@dataclasses.dataclass(frozen=True)
class Browser:
    name: str
    system: str

    @classmethod
    def of(cls, user_agent: str) -> "Browser":
        return cls(_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent))

    def __str__(self) -> str:
        if not self.name:
            return self.system or _("An unknown browser")
        return _("%(browser)s on %(system)s") % {"browser": self.name, "system": self.system or _("an unknown device")}

    @property
    def hand_held(self) -> bool:
        return self.system in HAND_HELD


def _first(names: list[tuple[str, str]], user_agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, user_agent, re.IGNORECASE)), "")
