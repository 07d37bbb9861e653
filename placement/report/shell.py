"""The frame of every page: head, content security policy, style sheet and script; see :func:`document`."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from placement.report.markup import Html, el
from placement.report.style import CSS

#: Sorts, filters and downloads tables, steps charts through the periods, shows details; the page is complete without it.
SCRIPT = (Path(__file__).parent / "report.js").read_text(encoding="utf-8")


def policy() -> str:
    """Return a content security policy that allows this style sheet, this script and nothing else."""
    return f"default-src 'none'; script-src '{_digest(SCRIPT)}'; style-src '{_digest(CSS)}'; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def document(title: str, *body: object) -> str:
    """Return a self-contained HTML page.

    Parameters
    ----------
    title
        Of the window and of bookmarks.
    body
        ``header``, ``nav``, ``main`` and ``footer``, in this order; text is escaped.
    """
    head = el(
        "head",
        el("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy()}">'),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", Html(CSS)),
    )
    return "<!DOCTYPE html>\n" + el("html", head, el("body", *body, el("script", Html(SCRIPT))), lang="en") + "\n"
