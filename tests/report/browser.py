"""A real Chromium for tests: offline, every request, message, error and dialog recorded."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip


def absent(what: str) -> None:
    """Skip, and say so loudly; fail where continuous integration promises a browser."""
    message = f"NOT CHECKED: {what}, so no page was opened in a browser. Install Debian's chromium and pip install 'placement[test]'."
    if os.environ.get("CI") == "true" and sys.platform.startswith("linux"):
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def launched() -> Iterator[Any]:
    """Start Debian's Chromium under Playwright."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        absent(f"none of {', '.join(NAMES)} is on the path")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        absent("playwright is not installed")
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *root])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that is open, and what happened there."""

    page: Any
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def assert_quiet(self) -> None:
        """Nothing was said on the console, nothing was asked of anybody, nothing popped up, nothing of the data ran."""
        assert self.messages == []
        assert self.dialogs == []
        assert [url for url in self.requests if not url.startswith(("file:", "blob:"))] == []
        assert len([url for url in self.requests if url.startswith("file:")]) <= 1
        assert self.page.evaluate("window.wasHit === undefined")


@contextmanager
def visit(browser: Any, path: Path, width: int = 1280, scheme: str = "light", **context: Any) -> Iterator[Visit]:
    """Open a file in a context of its own that has no network."""
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **context) as opened:
        page = opened.new_page()
        found = Visit(page)
        page.add_init_script("window.hit = () => { window.wasHit = true }")
        page.on("request", lambda request: found.requests.append(request.url))
        page.on("console", lambda message: found.messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: found.messages.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (found.dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(path.as_uri())
        yield found
