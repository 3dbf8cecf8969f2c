"""The page's JavaScript modules: an import map with one entry each, under the names that the modules use."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

STATIC = Path(settings.BASE_DIR) / "static"
# Fetched by the modules themselves, when a message, the network or a person needs them.
LATER = {
    "#vendor/katex",
    "#lib/aside",
    "#lib/colours",
    "#lib/formulas",
    "#lib/diagrams",
    "#workers/aside",
    "#workers/coloured",
    "#workers/mathml",
    "#vendor/highlight",
    "#lib/event_streams",
    "#lib/event_lines",
    "#elements/conversation_menu",
    "#elements/undo_toast",
    "#elements/report_dialog",
    "#elements/slash_menu",
    "#elements/sign_in_dialog",
    "#elements/model_menu",
}
VENDORED = ("htmx", "markdown-it", "dompurify", "highlight", "katex")


def modules() -> Iterator[tuple[str, str]]:
    """(name, path under static) of every module."""
    for name in VENDORED:
        yield f"#vendor/{name}", f"vendor/{name}.js"
    for folder in ("lib", "elements", "workers"):
        for file in sorted((STATIC / "js" / folder).glob("*.js")):
            yield f"#{folder}/{file.stem}", f"js/{folder}/{file.name}"


@cache
def addresses() -> dict[str, str]:
    return {name: static(path) for name, path in modules()}


@register.simple_tag(takes_context=True)
def import_map(context: template.RequestContext) -> SafeString:
    """The import map, and the modules of the first page fetched side by side instead of one after the other."""
    nonce = str(context["CSP_NONCE"])
    # "</" cannot be in an address of static(); escaped all the same, as in Django's json_script.
    content = mark_safe(json.dumps({"imports": addresses()}).replace("<", "\\u003C"))  # noqa: S308
    first = ((nonce, address) for name, address in addresses().items() if name not in LATER)
    return format_html('<script type="importmap" nonce="{}">{}</script>', nonce, content) + format_html_join(
        "", '<link rel="modulepreload" nonce="{}" href="{}">', first
    )


@register.simple_tag
def stylesheets(*names: str) -> SafeString:
    """One file per component; which layer wins is said once, in the first of them."""
    return format_html_join("", '<link rel="stylesheet" href="{}">', ((static(f"css/{name}.css"),) for name in names))
