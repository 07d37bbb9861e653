"""Numbers as people read them: thin thousands separators, few digits, the unit behind."""

from __future__ import annotations

import math
from numbers import Real

THIN = "\u202f"  # narrow no-break space: groups of thousands, and between number and unit
MINUS = "\u2212"
MISSING = "\u2013"

#: Suffixes of names that carry a unit, longest first; see "units in names" of models/README.md.
UNITS = {
    "usd_per_mtok": "$/Mtok", "musd_per_year": "M$/year", "mtok_per_day": "Mtok/day", "usd_per_mwh": "$/MWh", "kg_per_mwh": "kg/MWh",
    "musd_per_mw": "M$/MW",
    "usd_per_t": "$/t", "periods": "periods", "units": "accelerators", "hours": "h", "years": "years", "mtok": "Mtok",
    "share": "%", "gbps": "Gbit/s", "musd": "M$", "usd": "$", "mwh": "MWh", "gwh": "GWh", "twh": "TWh", "mw": "MW", "gw": "GW", "kw": "kW",
    "ms": "ms", "km": "km", "kg": "kg", "kt": "kt", "gb": "GB", "s": "s", "t": "t",
}  # fmt: skip

_ABBREVIATIONS = {
    "pue": "PUE",
    "it": "IT",
    "npv": "NPV",
    "roi": "ROI",
    "co2": "CO\u2082",
    "slo": "SLO",
    "p50": "median",
    "p95": "95th percentile",
}


def number(value: object) -> float:
    """Return a finite float, or NaN for anything that is not one (``None``, text, infinity)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    return float(value) if math.isfinite(float(value)) else math.nan


def fixed(value: object, digits: int = 0) -> str:
    """Return a number with that many decimals, or a dash where there is none."""
    x = number(value)
    if math.isnan(x):
        return MISSING
    text = f"{x:,.{digits}f}".replace(",", THIN)
    return text.lstrip("-") if float(f"{x:.{digits}f}") == 0 else text.replace("-", MINUS)


def significant(value: object, digits: int = 3) -> str:
    """Return a number with about that many significant digits; whole from 1000 on.

    Examples
    --------
    >>> significant(12.3456), significant(0.04567), significant(-2)
    ('12.3', '0.0457', '\u22122')
    """
    x = number(value)
    if math.isnan(x) or abs(x) < 1e-9:
        return MISSING if math.isnan(x) else "0"
    places = min(max(0, digits - 1 - math.floor(math.log10(abs(x)))), 9)
    text = fixed(x, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit(value: object, name: str) -> str:
    """Return a number with about three digits and its unit, kept together."""
    return significant(value) + THIN + name


def musd(value: object) -> str:
    """Return money in M$: whole from 10 M$ on, hundredths below 1 M$."""
    x = abs(number(value))
    return fixed(value, 0 if x >= 10 else 1 if x >= 1 else 2) + THIN + "M$"


def percent(share: object) -> str:
    """Return a share as a percentage that never rounds to a false 0 or 100."""
    x = 100 * number(share)
    if 0 < abs(x) < 0.01:
        return f"<{THIN}0.01{THIN}%"
    if 99.95 <= x < 100 - 1e-7:
        return f">{THIN}99.9{THIN}%"
    return fixed(x, 2 if abs(x) < 1 and x else 0 if x in (0.0, 100.0) else 1) + THIN + "%"


def quantity(name: str, value: object) -> tuple[str, str]:
    """Return label and text of a quantity whose name ends in its unit.

    Examples
    --------
    >>> quantity("peak_power_mw", 41.5)
    ('Peak power', '41.5\u202fMW')
    """
    suffix = next((s for s in UNITS if name.endswith("_" + s)), "")
    label = (name.removesuffix("_" + suffix) if suffix else name).replace("_", " ")
    shown = percent(value) if suffix == "share" else musd(value) if suffix == "musd" else significant(value)
    if isinstance(value, str):
        shown = value
    tail = THIN + UNITS[suffix] if suffix and suffix not in ("share", "musd") else ""
    words = [_ABBREVIATIONS.get(word, word) for word in label.split()]
    label = " ".join(words)
    return label[:1].upper() + label[1:], shown + tail


def plural(count: int, noun: str) -> str:
    """Return ``1 hall``, ``2 halls``."""
    stem = noun[:-1] + "ie" if noun.endswith("y") else noun
    return f"{fixed(count)} {noun if count == 1 else stem + 's'}"


def listed(names: list[str], most: int = 4) -> str:
    """Return ``a, b and c``; the rest is counted."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
