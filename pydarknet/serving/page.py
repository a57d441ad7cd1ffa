"""The page that a browser opens: one file, which needs no other."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path

from ..boxes.palette import COUNT, distinct_color
from .reply import Reply

PAGE = Path(__file__).with_name("page.html")
NO_COLOURS = re.compile(r"const COLOURS = \[.*?\];")
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


@cache
def page_reply() -> Reply:
    """Return the page; a browser runs no script in it but its own, and asks nobody else."""
    text = page_text()
    headers = {
        "Content-Security-Policy": policy_of(text),
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }
    return Reply(200, "text/html; charset=utf-8", text.encode(), headers)


def page_text() -> str:
    """Return the text of the page, with the colours in which boxes are drawn."""
    text = PAGE.read_text(encoding="utf-8")
    colours = ["#{:02x}{:02x}{:02x}".format(*distinct_color(k)) for k in range(COUNT)]
    return NO_COLOURS.sub(f"const COLOURS = {json.dumps(colours)};", text)


def policy_of(text: str) -> str:
    """Return the policy of a page, which names its script and its style by their digests."""
    digests: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in INLINE.findall(text):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        digests[kind].append(f"'sha256-{digest}'")
    rules = [
        "default-src 'none'",
        f"script-src {' '.join(digests['script'])}",
        f"style-src {' '.join(digests['style'])}",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    return "; ".join(rules)
