"""``case.toml``: the few numbers of a case that are not in a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from placement.case.case import Block
from placement.case.cells import Clock
from placement.case.files import SETTINGS
from placement.case.findings import Findings, did_you_mean
from placement.case.objective_settings import read_objectives
from placement.case.schema import DOCUMENTATION
from placement.units import PERIOD_EXAMPLE, period_number

#: Cost terms whose objective weight ``[weights]`` may replace.
TERMS = ("capex", "opex", "lease", "energy", "contracts", "network", "carbon", "finance", "change", "unmet", "value", "salvage", "placing", "opening")

#: What an objective in turn may minimise besides: measured, not paid.
MEASURES = ("emissions_kt",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of ``case.toml``: what it means, and a test with its wording."""

    meaning: str
    fits: Callable[[Any], bool]
    rule: str
    default: Any = None  # None: required


def _number(lo: float, hi: float = 1e9) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int | float) and not isinstance(v, bool) and lo <= v <= hi  # NaN compares false


def _whole(*choices: int, lo: int = 1, hi: int = 0) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and (v in choices if choices else lo <= v <= hi)


def _words(v: Any) -> bool:
    return isinstance(v, str) and bool(v.strip()) and v == v.strip() and v.isprintable()


#: The plain keys of ``case.toml``; ``[[blocks]]`` and ``[weights]`` come on top.
KEYS: dict[str, Setting] = {
    "name": Setting(meaning="short name of the case", fits=_words, rule="must be a text"),
    "title": Setting(meaning="title shown in reports", fits=lambda v: isinstance(v, str), rule="must be a text", default=""),
    "model": Setting(meaning="model card in models/", fits=_words, rule="must be the name of a model card", default="placement"),
    "start": Setting(meaning="first period, such as 2027Q1", fits=lambda v: isinstance(v, str), rule="must be a period label in quotes"),
    "periods": Setting(meaning="number of periods", fits=_whole(hi=1200), rule="must be a whole number from 1 to 1200"),
    "period_months": Setting(meaning="months per period", fits=_whole(1, 3, 6, 12), rule="must be 1, 3, 6 or 12", default=3),
    "discount_rate": Setting(meaning="discount rate per year", fits=_number(0, 1), rule="must be between 0 and 1 per year (0.08 is 8 %)", default=0.0),
    "lead_percentile": Setting(meaning="which lead time of `milestones` dates the halls", fits=_whole(10, 50, 90), rule="must be 10, 50 or 90", default=50),
    "carbon_price_usd_per_t": Setting(meaning="price of carbon emissions, $/t", fits=_number(0, 1e5), rule="must be between 0 and 100000 $/t", default=0.0),
    "rtt_overhead_ms": Setting(
        meaning="round-trip time on top of propagation, 95th percentile, ms",
        fits=_number(0, 1e3),
        rule="must be between 0 and 1000 ms",
        default=8.0,
    ),
    "debt_rate": Setting(meaning="interest on debt (`budget.debt_musd`) per year", fits=_number(0, 1), rule="must be between 0 and 1 per year", default=0.0),
    "budget_carries": Setting(
        meaning="funds that are not spent in a period may be spent later",
        fits=lambda v: isinstance(v, bool),
        rule="must be true or false",
        default=False,
    ),
    "open_sites": Setting(
        meaning="exactly so many sites of `siting` are opened; 0: as many as pay",
        fits=_whole(lo=0, hi=10**6),
        rule="must be a whole number from 0 to 1000000",
        default=0,
    ),
    "cost_unit": Setting(meaning="unit of all costs in a case with `pairs`, for display", fits=_words, rule="must be a text", default="M$"),
}


def read_settings(raw: Mapping[str, Any], findings: Findings) -> tuple[dict[str, Any], Clock | None]:
    """Return the arguments of :class:`Case` that ``case.toml`` gives, and the horizon where it is sound."""
    _check_names(raw, (*KEYS, "blocks", "weights", "objectives", *DOCUMENTATION), "", findings)
    given = {key: _value(key, setting, raw, findings) for key, setting in KEYS.items()}
    given["blocks"] = _blocks(raw.get("blocks"), findings)
    given["weights"] = _weights(raw.get("weights", {}), findings)
    given["objectives"] = read_objectives(raw.get("objectives"), (*TERMS, *MEASURES), _number, findings)
    clock = _clock(given, findings)
    del given["periods"]
    given |= {"start": clock.start, "n_periods": clock.n_periods} if clock else {"start": 0, "n_periods": 1}
    return given, clock


def _fail(key: str, rule: str, remedy: str, findings: Findings) -> None:
    findings.add(SETTINGS, key, rule, remedy)


def _check_names(given: Mapping[str, Any], known: tuple[str, ...], where: str, findings: Findings) -> None:
    for key in given:
        if key not in known:
            _fail(where + key, "is not a known key", did_you_mean(key, known), findings)


def _value(key: str, setting: Setting, raw: Mapping[str, Any], findings: Findings) -> Any:
    if key not in raw:
        if setting.default is None:
            _fail(key, "is missing", f"Add {key} = ... ({setting.meaning}).", findings)
        return setting.default
    if setting.fits(raw[key]):
        return float(raw[key]) if isinstance(setting.default, float) else raw[key]
    _fail(key, f"{setting.rule}, not {raw[key]!r}", f"Correct it: {setting.meaning}.", findings)
    return setting.default


def _clock(given: Mapping[str, Any], findings: Findings) -> Clock | None:
    if given["start"] is None or given["periods"] is None or not findings.trusts(f"{SETTINGS}.period_months"):
        return None
    months = given["period_months"]
    try:
        return Clock(period_number(given["start"], months), given["periods"], months)
    except ValueError as error:
        _fail("start", str(error), f"With period_months = {months} write it like {PERIOD_EXAMPLE[months]}.", findings)
        return None


def _weights(raw: Any, findings: Findings) -> dict[str, float]:
    if not isinstance(raw, dict):
        _fail("weights", "must be a table of cost terms", "Write [weights] and below it lines such as carbon = 1.0.", findings)
        return {}
    _check_names(raw, (*TERMS, *DOCUMENTATION), "weights.", findings)
    fits = _number(0)
    for term in (t for t in TERMS if t in raw and not fits(raw[t])):
        rule = f"must be a finite number >= 0 (at most 1e9), not {raw[term]!r}"
        _fail(f"weights.{term}", rule, "Correct the weight; 0 leaves the term out.", findings)
    return {t: float(raw[t]) for t in TERMS if t in raw and fits(raw[t])}


def _blocks(raw: Any, findings: Findings) -> tuple[Block, ...]:
    whole = (Block("all", 1.0, True),)
    if raw is None:
        return whole
    before = len(findings.problems)
    if not isinstance(raw, list) or not raw or not all(isinstance(b, dict) for b in raw):
        _fail("blocks", "must be a list of tables", "Write [[blocks]] with name, share and stress for each block.", findings)
        return whole
    for block in raw:
        _check_names(block, ("name", "share", "stress", *DOCUMENTATION), "blocks.", findings)
    _check_blocks(raw, findings)
    if len(findings.problems) > before:
        findings.spoiled.add("case.blocks")
        return whole
    return tuple(Block(b["name"], float(b["share"]), b.get("stress", False)) for b in raw)


def _check_blocks(raw: list[dict[str, Any]], findings: Findings) -> None:
    names: list[Any] = [b.get("name") for b in raw]
    shares: list[Any] = [b.get("share") for b in raw]
    if not all(_words(n) and not set(n) & set(",;") for n in names):
        _fail("blocks.name", "must be a text without commas and semicolons in every block", "Name every block.", findings)
    elif len(set(names)) < len(names):
        _fail("blocks.name", "must differ between blocks", "Rename one of the blocks.", findings)
    if not all(_number(1e-9, 1)(s) for s in shares):
        _fail("blocks.share", "must be a number above 0 and at most 1 in every block", "Give each block its share of the hours.", findings)
    elif abs(math.fsum(shares) - 1) > 1e-9:
        _fail("blocks.share", f"must sum to 1, not {math.fsum(shares):.10g}", "Correct the shares of the hours.", findings)
    stress = [b.get("stress", False) for b in raw]
    if not all(isinstance(s, bool) for s in stress) or sum(stress) != 1:
        _fail("blocks.stress", "must be true in exactly one block", "Mark the block with the hardest hours: stress = true.", findings)
