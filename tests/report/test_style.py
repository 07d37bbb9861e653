"""Colours that can be read: every text colour on every ground it stands on, in both themes."""

from __future__ import annotations

import re

import pytest

from placement.report.gantt import INK
from placement.report.style import CSS, DARK, LIGHT

THEMES = {"light": LIGHT, "dark": DARK}
ON_DARK = "#14191f"  # class ond: always this, on pale bars


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "warn", "good"])
@pytest.mark.parametrize("ground", ["bg", "panel"])
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    """At least 4.5 to 1 (WCAG 2.2, AA)."""
    assert contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_marks_can_be_read(theme: str) -> None:
    """Numbers in the cells of heat maps, names on bars and on the map."""
    colours = THEMES[theme]
    for level in range(9):
        assert contrast(colours["bg" if level >= 5 else "ink"], colours[f"q{level}"]) >= 4.5, level
    for colour, ink in INK.items():
        assert contrast(ON_DARK if ink == "ond" else colours["bg"], colours[colour]) >= 4.5, colour
    for ground in ("sea", "land"):
        assert contrast(colours["ink"], colours[ground]) >= 4.5 and contrast(colours["soft"], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_marks_stand_out(theme: str) -> None:
    """Kinds of sites, flows and fibre: 3 to 1 at least on land and sea; the load of fibre 2 to 1 from its capacity."""
    colours = THEMES[theme]
    for mark in ("c0", "c2", "c3", "c4", "c7", "flow"):
        assert min(contrast(colours[mark], colours[ground]) for ground in ("sea", "land")) >= 3.0, mark
    assert contrast(colours["c7"], colours["pipe"]) >= 2.0


def test_every_colour_that_is_used_exists_in_both_themes() -> None:
    """No rule names a variable that nobody sets."""
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS)) - {"arrow"}
    assert set(LIGHT) == set(DARK) and used <= set(LIGHT)
