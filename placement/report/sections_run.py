"""Sections about the run: how the plan was found, and from what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from placement.report.charts import Series, legend, lines
from placement.report.facts import Facts
from placement.report.formats import MISSING, fixed, number, percent, plural, quantity, significant
from placement.report.markup import Html, details, el, figure, note, section, table
from placement.report.text import PRICED, called, is_priced, unit_of


def progress_section(progress: Sequence[Mapping[str, object]], summary: Mapping[str, object]) -> Html:
    """Return the curve of objective and bound over time, and the seconds of each phase."""
    rows = [{k: number(row.get(k)) for k in ("time_s", "objective", "bound")} for row in progress]
    df = pd.DataFrame(rows, columns=["time_s", "objective", "bound"]).loc[lambda d: d["time_s"].notna()].sort_values("time_s", kind="stable")
    parts: list[object] = []
    if df[["objective", "bound"]].notna().any(axis=None):
        low, clipped = _window(df)
        last = df[["objective", "bound"]].ffill().iloc[-1].dropna()
        name, sign = (PRICED, 1.0) if is_priced(summary) else called(float(last.iloc[0]), unit_of(summary))
        low = low.assign(objective=sign * low["objective"], bound=sign * low["bound"])
        series = [Series("plan", low["objective"].to_numpy(float), "c0"), Series("bound", low["bound"].to_numpy(float), "c3")]
        hint = f"Solid: best plan so far. Dashed: proven bound; no plan {'is worth more' if sign < 0 else 'costs less'} than that."
        hint += " Early values outside the frame are not shown." if clipped else ""
        title = f"{name} of the best plan, and its bound, over time"
        parts += [
            legend([("best plan", "c0"), ("bound (dashed)", "c3")]),
            figure(title, lines(series, low["time_s"].to_numpy(float), ("seconds", unit_of(summary)), title), hint),
        ]
    else:
        parts.append(note("No progress was recorded."))
    phases = [(str(p.get("phase", "")), fixed(p.get("seconds"), 1), _extras(p)) for p in _records(summary.get("phases"))]
    parts.append(table(("Phase", "Duration, s", "Details"), phases, (1,)) if phases else "")
    return section("progress", "How the plan was found", *parts)


def _window(df: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """At most 400 rows, without early values more than ten final gaps (or a twentieth) away from the final interval."""
    last = df[["objective", "bound"]].ffill().iloc[-1]
    low, high = last.min(), last.max()
    room = max(10 * (high - low), 0.05 * max(abs(low), abs(high)), 1e-6)
    seen = df[["objective", "bound"]].where(lambda v: (v >= low - room) & (v <= high + room))
    clipped = bool((seen.isna() & df[["objective", "bound"]].notna()).any(axis=None))
    out = df.assign(objective=seen["objective"], bound=seen["bound"])
    return out.iloc[np.unique(np.linspace(0, len(out) - 1, 400).round().astype(int))], clipped


def _records(value: object) -> list[Mapping[str, object]]:
    return [p for p in value if isinstance(p, Mapping)] if isinstance(value, (list, tuple)) else []


def _extras(phase: Mapping[str, object]) -> str:
    found = (_named(k, v) for k, v in phase.items() if k not in ("phase", "seconds"))
    return ", ".join(f"{name[:1].lower() + name[1:]} {text}" for name, text in found)


def _named(key: str, value: object) -> tuple[str, str]:
    """Return label and text of a recorded value: a number with the unit of its name, anything else as it is."""
    if key == "began_s":
        return "Began at", f"{fixed(value, 1)} s"
    if number(value) == number(value):
        name, shown = quantity(key, value)
        return name, percent(value) if key.endswith("gap") else shown
    return quantity(key, "")[0], _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return {True: "yes", False: "no", None: MISSING}.get(value, str(value))  # type: ignore[arg-type]
    if number(value) == number(value):
        return significant(value, 4)
    return json.dumps(value, default=str, ensure_ascii=False)


def inputs_section(facts: Facts, summary: Mapping[str, object]) -> Html:
    """Return what is needed to reproduce the run: input, options, versions, sizes, and all KPIs."""
    case = facts.case
    blocks = ", ".join(f"{b.name} {percent(b.share)}{' (stress)' if b.stress else ''}" for b in case.blocks)
    ends = f"{case.periods[0]} to {case.periods[-1]}: {plural(case.n_periods, 'period')} of {plural(case.period_months, 'month')}"
    digest = str(summary.get("case_sha256") or case.sha256 or MISSING)
    rows: list[tuple[object, object]] = [("Case", case.name), ("Fingerprint (SHA-256)", el("code", digest)), ("Model", case.model)]
    if "pairs" not in case:  # priced pairs have no dates
        rows += [
            ("Horizon", ends), ("Blocks of hours", blocks), ("Discount rate", f"{percent(case.discount_rate)} a year"),
            ("Lead times", f"{case.lead_percentile}th percentile"), ("Carbon price", f"{significant(case.carbon_price_usd_per_t)} $/t"),
        ]  # fmt: skip
    rows += [("Seed", _plain(summary.get("seed"))), ("Wall clock", f"{fixed(summary.get('runtime_s'), 1)} s")]
    sizes = [(name, fixed(len(df))) for name, df in case.tables.items()]
    parts: list[object] = [
        table(("Input", ""), rows, class_="pairs"),
        details("Rows of the input tables", table(("Table", "Rows"), sizes, (1,), class_="pairs")),
    ]
    for key, title in (("options", "Options"), ("versions", "Versions"), ("sizes", "Size of the model")):
        value = summary.get(key)
        if isinstance(value, Mapping) and value:
            parts.append(details(title, table((title, ""), [_version(k, v) if key == "versions" else _named(str(k), v) for k, v in value.items()])))
    return section("inputs", "Inputs, options, versions", *parts)


def _version(name: object, value: object) -> tuple[str, str]:
    return str(name), _plain(value)
