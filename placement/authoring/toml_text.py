"""The settings of a case as the text of ``case.toml``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from placement.case.settings import KEYS


def toml_text(settings: Mapping[str, Any], explained: bool = False) -> str:
    """Return the settings as TOML, plain keys first.

    Parameters
    ----------
    explained
        Say beside each key what it means, and list the keys that are left out with their defaults, as remarks.
    """
    plain = {k: v for k, v in settings.items() if not isinstance(v, dict | list)}
    lines = [_line(key, value, explained) for key, value in plain.items()]
    if explained:
        rest = [f"# {_line(key, setting.default, True)}" for key, setting in KEYS.items() if key not in plain]
        lines += ["", "# Keys that may be added, with what holds without them:", *rest] if rest else []
    for key, value in settings.items():
        for one in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
            lines += ["", f"[[{key}]]" if isinstance(value, list) else f"[{key}]", *(f"{_key(k)} = {_value(v)}" for k, v in one.items())]
    return "\n".join(lines) + "\n"


def _line(key: str, value: Any, explained: bool) -> str:
    told = f"  # {KEYS[key].meaning}; {KEYS[key].rule}" if explained and key in KEYS else ""
    return f"{_key(key)} = {_value(value)}{told}"


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _value(key)


def _value(value: Any) -> str:
    """Return a value as TOML; strings of JSON are strings of TOML but for one control character."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
