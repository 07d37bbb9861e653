"""The style sheet. Colours are variables with a light and a dark value, chosen to differ in lightness as well as hue.

Categories follow Okabe and Ito (2008), "Color Universal Design"; heat maps use one hue from light to dark.
"""

from __future__ import annotations

from pathlib import Path

LIGHT = {
    "bg": "#fbfaf7", "panel": "#ffffff", "ink": "#1b2430", "soft": "#566170", "line": "#dcdcd5", "accent": "#005f94",
    "warn": "#a63603", "good": "#00694c", "sea": "#f3f7fa", "land": "#e3e0d8", "pipe": "#a9b4c0", "flow": "#ad6500",
    "c0": "#0072b2", "c1": "#e69f00", "c2": "#007f5c", "c3": "#b3561f", "c4": "#a85888", "c5": "#56b4e9", "c6": "#b3b6ba", "c7": "#3d4650",
    "q0": "#f1f5f9", "q1": "#dbe8f3", "q2": "#bfd7ea", "q3": "#97c0de", "q4": "#66a3cd", "q5": "#2f76aa", "q6": "#1c6499",
    "q7": "#0d4f80", "q8": "#08365c",
}  # fmt: skip
DARK = {
    "bg": "#12161b", "panel": "#1a2027", "ink": "#e8eaed", "soft": "#a3adb8", "line": "#333c46", "accent": "#6cbcf0",
    "warn": "#ff9d6b", "good": "#4fd0a5", "sea": "#141a21", "land": "#2c343d", "pipe": "#56636f", "flow": "#f0b429",
    "c0": "#3d9bd9", "c1": "#f0b429", "c2": "#2dbd92", "c3": "#e07b3f", "c4": "#d68bb5", "c5": "#9bd4f7", "c6": "#7d8793", "c7": "#d5dae0",
    "q0": "#1d252e", "q1": "#1d3346", "q2": "#1c405c", "q3": "#1b5074", "q4": "#1e658f", "q5": "#358bbd", "q6": "#58a5d1",
    "q7": "#8fc7e8", "q8": "#c9e6f8",
}  # fmt: skip


def _variables(values: dict[str, str], scheme: str) -> str:
    return "{color-scheme:" + scheme + ";" + "".join(f"--{k}:{v};" for k, v in values.items()) + "}"


_PAINT = "".join(f".c{i}{{fill:var(--c{i})}}.s{i}{{stroke:var(--c{i})}}" for i in range(8)) + "".join(f".q{i}{{fill:var(--q{i})}}" for i in range(9))
_RULES = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
_DARK_RULE = _variables(DARK, "dark")

#: The whole style sheet. A printed page is light even where the screen is dark; ``data-theme`` is what the reader chose.
CSS = (
    f":root{_variables(LIGHT, 'light')}@media screen{{:root[data-theme=dark]{_DARK_RULE}}}"
    f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){_DARK_RULE}}}"
    f"{_PAINT}\n{_RULES}"
)
