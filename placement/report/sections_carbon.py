"""The section about energy and carbon: which sources, how much carbon, against caps and targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.report.charts import Series, legend, stacked
from placement.report.energy import by_source, shares, wide
from placement.report.facts import Facts
from placement.report.formats import MISSING, fixed, listed, percent, plural, significant
from placement.report.markup import Html, el, figure, join, note, section, table
from placement.report.tables import grouped, label, records
from placement.units import MWH_PER_GWH

_NIL = 1e-9
_COLOURS = ("c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7")
_KINDS = {"grid": ("grid", "c0"), "contracts": ("power contracts", "c1"), "on site": ("on-site generation", "c2")}


def carbon_section(facts: Facts) -> Html:
    """Return the mix of sources, carbon by source and the carbon intensity of the energy, period by period."""
    title, n = "Energy and carbon", facts.case.n_periods
    if facts.plan["energy"].empty:
        why = "The plan takes no energy." if facts.power_modelled else "Energy is not modelled in this case: it has neither a grid nor a generator table."
        return section("carbon", title, note(why))
    df = by_source(facts)
    mix, kt = wide(df, "tech", "gwh", n), wide(df, "kind", "kt", n)
    gwh, total = mix.sum(axis=0), kt.sum(axis=0)
    words = f"{significant(gwh.sum(), 4)} GWh and {significant(total.sum(), 4)} kt CO\u2082 over the horizon"
    mean = f", {significant(_intensity(total.sum(), gwh.sum()))} kg/MWh on average" if gwh.sum() > _NIL else ""
    parts: list[object] = [note(f"{words}{mean}; the carbon of contracts and generators is that of their rows, of the grid that of its tariff zone.")]
    charts = [_mix(facts, mix), *([_carbon(facts, kt), _intensities(facts, total, gwh)] if total.sum() > _NIL else [])]
    return section("carbon", title, *parts, el("div", *charts, class_="multiples"), *_targets(facts, df), *_limits(facts, mix))


def _intensity(kt: float, gwh: float) -> float:
    """kg of CO2 per MWh, which is kt per TWh."""
    return kt / gwh * MWH_PER_GWH if gwh > _NIL else float("nan")


def _mix(facts: Facts, mix: pd.DataFrame) -> Html:
    top = list(mix.index[: len(_COLOURS) - 1]) if len(mix) > len(_COLOURS) else list(mix.index)
    shown = mix.loc[top] if len(top) == len(mix) else pd.concat([mix.loc[top], mix.drop(top).sum().to_frame("other").T])
    part = shares(shown)
    names = [str(k) for k in shown.index]
    series = [Series(k, 100 * part.loc[k].to_numpy(float), c) for k, c in zip(names, _COLOURS, strict=False)]
    rows = [
        (k, *(fixed(v, 1) for v in mix.loc[k]), fixed(mix.loc[k].sum(), 1), percent(mix.loc[k].sum() / max(float(mix.to_numpy().sum()), _NIL)))
        for k in mix.index
    ]
    numbers = table(
        ("Source", *facts.case.periods, "Sum, GWh", "Share"), rows, range(1, facts.case.n_periods + 3), "GWh by technology, contracts and sites together"
    )
    chart = stacked(series, facts.case.periods, "%", "Share of each source in the energy taken", "s")
    return figure("Source mix, % of energy", join([legend(list(zip(names, _COLOURS, strict=False))), chart]), "", numbers)


def _carbon(facts: Facts, kt: pd.DataFrame) -> Html:
    """Return carbon by kind of source against its cap, where every period has one."""
    kinds = [k for k in _KINDS if k in kt.index]
    caps = facts.case["carbon_caps"].set_index("period")["kt"].reindex(range(facts.case.n_periods))
    bought = facts.plan["offsets"].groupby("period")["kt"].sum().reindex(range(facts.case.n_periods), fill_value=0.0)
    allowed = caps + bought
    capped = bool(caps.notna().any())
    series = [Series(_KINDS[k][0], kt.loc[k].to_numpy(float), _KINDS[k][1]) for k in kinds]
    rows = [
        (
            label(facts.case, t), *(fixed(kt.loc[k, t], 1) for k in kinds), fixed(kt[t].sum(), 1),
            *((fixed(bought[t], 1), fixed(caps[t], 1) if caps[t] == caps[t] else "not capped") if capped else ()),
        )
        for t in range(facts.case.n_periods)
    ]  # fmt: skip
    heads = ("Period", *(_KINDS[k][0][:1].upper() + _KINDS[k][0][1:] for k in kinds), "All", *(("Offsets bought", "Cap") if capped else ()))
    key = legend([*(_KINDS[k] for k in kinds), *([("line: cap, with offsets bought", "c7")] if capped else [])])
    chart = stacked(series, facts.case.periods, "kt", "Carbon of the energy taken, by source", "s", allowed.to_numpy(float) if capped else None)
    return figure("Carbon by source, kt CO\u2082", join([key, chart]), "", table(heads, rows, range(1, len(heads)), "kt CO\u2082"))


def _intensities(facts: Facts, kt: pd.Series, gwh: pd.Series) -> Html:
    values = np.array([_intensity(float(k), float(g)) for k, g in zip(kt, gwh, strict=True)])
    rows = [(label(facts.case, t), fixed(gwh.iloc[t], 1), fixed(kt.iloc[t], 1), significant(v)) for t, v in enumerate(values)]
    chart = stacked([Series("carbon intensity", values, "c7")], facts.case.periods, "kg/MWh", "Carbon intensity of the energy taken", "s")
    return figure("Carbon intensity, kg CO\u2082 per MWh", chart, "", table(("Period", "Energy, GWh", "Carbon, kt", "kg/MWh"), rows, (1, 2, 3)))


def _targets(facts: Facts, df: pd.DataFrame) -> list[Html]:
    """Return the share of clean energy and its targets; nothing where the case does not say what is clean."""
    targets, n = facts.case["clean_targets"], facts.case.n_periods
    if targets.empty and df["clean_gwh"].sum() <= _NIL:
        return []
    clean = wide(df.assign(all="all"), "all", "clean_gwh", n).iloc[0] / wide(df.assign(all="all"), "all", "gwh", n).iloc[0].replace(0.0, np.nan)
    asked = {t: _asked(g) for t, g in grouped(targets, "period")}
    rows = [(label(facts.case, t), percent(clean[t]), asked.get(t, MISSING)) for t in range(n)]
    hint = note(
        "Clean share over the period, all sites together. A target by block holds in every block of hours, storage included; the plan meets all of them."
    )
    return [el("h3", "Clean energy"), hint, table(("Period", "Clean energy", "Targets"), rows, (1,))]


def _asked(targets: pd.DataFrame) -> str:
    """Return the targets of a period in words, zones with the same one together."""
    found = []
    for (share, matching), g in grouped(targets, ["share", "matching"]):
        zones = [str(z) for z in g["zone"]]
        where = "all zones together" if zones == [""] else f"each of {plural(len(zones), 'zone')}: {listed(zones, 6)}" if len(zones) > 1 else zones[0]
        found.append(f"{percent(share)} by {'block of hours' if matching == 'block' else 'period'} in {where}")
    return "; ".join(found)


def _limits(facts: Facts, mix: pd.DataFrame) -> list[Html]:
    """Return the limits on the share of a technology beside what the plan takes."""
    df, part = facts.case["mix_limits"], shares(mix)
    if df.empty:
        return []
    rows = [
        (
            r.tech,
            label(facts.case, r.period),
            percent(r.min_share) if r.min_share > 0 else MISSING,
            percent(r.max_share),
            percent(part.loc[r.tech, r.period] if r.tech in part.index else 0.0),
        )
        for r in records(df)
    ]
    hint = note("Limits count all energy that is made, must-run output that is spilled included.")
    return [el("h3", "Limits on the mix"), hint, table(("Technology", "Period", "Least", "Most", "Plan"), rows, (2, 3, 4))]
