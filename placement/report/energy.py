"""Power and energy of a plan as numbers: who supplies each site in each block of hours, up to which limit, and with how much carbon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from placement.report.charts import Series
from placement.report.facts import Facts
from placement.rules.sources import of_source
from placement.units import KG_PER_T, MWH_PER_GWH, T_PER_KT

KEY = ["site", "period", "block"]
GRID, CONTRACTS, STORAGE = "grid", "contracts", "storage"
OWN = "on site: "  # before the technology of a generator
TAKEN = ("charging storage, or sold", "c6")
_WORDS = {GRID: "grid", CONTRACTS: "contracts, through the grid", STORAGE: "storage, giving"}
_OWN_COLOURS = ("c2", "c3", "c4")  # technologies on site, the rest in one
_NIL = 1e-9


class Group(NamedTuple):
    """A part of a stack of power: name, colour class, and the suppliers (:func:`suppliers`) that it adds up."""

    name: str
    colour: str
    columns: list[str]


def kind_of(facts: Facts, source: pd.Series) -> pd.Series:
    """Return who supplies, for each source of the table ``energy``: the grid, contracts, or a technology on site."""
    tech = {f"generator:{g}": f"{OWN}{t}" for g, t in facts.case["generators"][["generator", "tech"]].itertuples(index=False)}
    return source.map(lambda s: CONTRACTS if str(s).startswith("ppa:") else tech.get(s, f"{OWN}unknown") if str(s).startswith("generator:") else GRID)


def suppliers(facts: Facts) -> list[str]:
    """Return the suppliers of the plan: grid, contracts, technologies on site by energy, storage where there is some."""
    energy = facts.plan["energy"]
    own = energy.assign(kind=kind_of(facts, energy["source"])).groupby("kind")["mw"].sum().drop([GRID, CONTRACTS], errors="ignore")
    techs = [str(k) for k in own.sort_values(ascending=False, kind="stable").index]
    return [GRID, CONTRACTS, *techs, *([STORAGE] if len(facts.plan["storage"]) else [])]


def flows(facts: Facts) -> pd.DataFrame:
    """Return power by site, period and block, MW.

    Returns
    -------
    DataFrame
        One row per site, period and block, also without power. One column per supplier (:func:`suppliers`); ``taken``: what charges storage or is sold;
        ``given_up``: connection committed to demand response; ``supplied``: the sum of the suppliers; ``load``: that less ``taken``; ``limit``: energised
        tiers less what is given up, and all that generators and storage can give.
    """
    if "flows" not in facts.kept:
        facts.kept["flows"] = _flows(facts)
    return facts.kept["flows"].copy(deep=False)


def _flows(facts: Facts) -> pd.DataFrame:
    case, names = facts.case, [b.name for b in facts.case.blocks]
    index = pd.MultiIndex.from_product([list(facts.site_names), range(case.n_periods), names], names=KEY)
    kinds = suppliers(facts)
    energy = facts.plan["energy"].assign(kind=kind_of(facts, facts.plan["energy"]["source"]))
    df = energy.pivot_table(index=KEY, columns="kind", values="mw", aggfunc="sum").reindex(index=index, columns=kinds).astype(float).fillna(0.0)
    stored = _at_sites(facts, "storage", "storage", index)
    sold = _at_sites(facts, "exports", "generator", index)
    if STORAGE in kinds:
        df[STORAGE] = stored["discharge_mw"]
    stress = next(b.name for b in case.blocks if b.stress)
    cut = facts.plan["curtailment"].assign(block=stress).groupby(KEY)["mw"].sum().reindex(index, fill_value=0.0)
    supplied = df[kinds].sum(axis=1)
    taken = stored["charge_mw"] + sold["mw"]
    limit = facts.limits().ravel() - cut + stored["capacity_mw"]
    return df.assign(taken=taken, given_up=cut, supplied=supplied, load=supplied - taken, limit=limit).reset_index()


def _at_sites(facts: Facts, name: str, key: str, index: pd.MultiIndex) -> pd.DataFrame:
    """Return a plan table of plants summed at their sites."""
    site = dict(zip(facts.case["generators" if key == "generator" else key][key], facts.case["generators" if key == "generator" else key]["site"], strict=True))
    df = facts.plan[name].assign(site=lambda d: d[key].map(site)).drop(columns=key)
    return df.groupby(KEY).sum().reindex(index).fillna(0.0)


def in_all(facts: Facts, site: str | None = None) -> pd.DataFrame:
    """Return :func:`flows` of one site, or of all sites together: one row per period and block, in order."""
    df = flows(facts)
    df = df.loc[df["site"] == site] if site is not None else df
    total = df.groupby(KEY[1:])[[*suppliers(facts), "taken", "given_up", "supplied", "load", "limit"]].sum()
    return total.reindex(pd.MultiIndex.from_product([range(facts.case.n_periods), [b.name for b in facts.case.blocks]], names=KEY[1:])).reset_index()


def tightest(df: pd.DataFrame, by: Sequence[str] = ("site", "period")) -> pd.DataFrame:
    """Return of :func:`flows` the block of each site and period with the highest ``supplied / limit``, the first of several."""
    use = df["supplied"] / df["limit"].clip(lower=_NIL)
    return df.loc[use.groupby([df[c] for c in by], sort=False).idxmax()].reset_index(drop=True) if len(df) else df


def groups(facts: Facts, technologies: bool = True) -> list[Group]:
    """Return the parts of a stack of power, as every chart shows them; with ``technologies``, what is made on site by technology."""
    kinds = suppliers(facts)
    own = [k for k in kinds if k.startswith(OWN)]
    out = [Group(_WORDS[GRID], "c0", [GRID]), Group(_WORDS[CONTRACTS], "c1", [CONTRACTS])]
    if technologies:
        alone = own if len(own) <= len(_OWN_COLOURS) else own[: len(_OWN_COLOURS) - 1]
        out += [Group(k, c, [k]) for k, c in zip(alone, _OWN_COLOURS, strict=False)]
        out += [Group("on site: other", _OWN_COLOURS[-1], own[len(alone) :])] if len(alone) < len(own) else []
    else:
        out.append(Group("on-site generation", _OWN_COLOURS[0], own))
    return [*out, *([Group(_WORDS[STORAGE], "c5", [STORAGE])] if STORAGE in kinds or not technologies else [])]


def stack(df: pd.DataFrame, parts: Sequence[Group], whole: bool = False) -> list[Series]:
    """Return the parts of a stack of rows of :func:`flows`: suppliers upwards, what charges storage or is sold downwards (some, or ``whole``)."""
    none = pd.Series(0.0, index=df.index)
    series = [Series(g.name, df.reindex(columns=g.columns).sum(axis=1).to_numpy(float) if g.columns else none.to_numpy(), g.colour) for g in parts]
    name, colour = TAKEN
    return [*series, *([Series(name, -df["taken"].to_numpy(float), colour)] if whole or (df["taken"] > _NIL).any() else [])]


def by_source(facts: Facts) -> pd.DataFrame:
    """Return energy taken by period and source, with its carbon.

    Returns
    -------
    DataFrame
        Columns period, kind (grid, contracts, on site), tech (``grid``, or the technology of the contract or generator), gwh, kt, clean_gwh.
    """
    case, energy = facts.case, facts.plan["energy"]
    hours = dict(zip((b.name for b in case.blocks), case.hours, strict=True))
    gwh = energy["mw"] * energy["block"].map(hours).astype(float) / MWH_PER_GWH
    tech = {f"ppa:{p}": t for p, t in case["ppas"][["ppa", "tech"]].itertuples(index=False)}
    tech |= {f"generator:{g}": t for g, t in case["generators"][["generator", "tech"]].itertuples(index=False)}
    kt = gwh * MWH_PER_GWH * of_source(case, energy, "co2_kg_per_mwh", "co2_kg_per_mwh").fillna(0.0) / KG_PER_T / T_PER_KT
    clean = gwh * of_source(case, energy, "clean_share", "clean").fillna(0.0)
    kind = kind_of(facts, energy["source"]).where(lambda k: ~k.str.startswith(OWN), "on site")
    df = pd.DataFrame(
        {"period": energy["period"], "kind": kind, "tech": energy["source"].map(lambda s: tech.get(s, GRID)), "gwh": gwh, "kt": kt, "clean_gwh": clean}
    )
    return df.groupby(["period", "kind", "tech"], sort=True)[["gwh", "kt", "clean_gwh"]].sum().reset_index()


def wide(df: pd.DataFrame, key: str, value: str, n_periods: int) -> pd.DataFrame:
    """Return sums of ``value`` by ``key`` (rows, the largest first) and period (columns)."""
    out = df.pivot_table(index=key, columns="period", values=value, aggfunc="sum", fill_value=0.0).reindex(columns=range(n_periods), fill_value=0.0)
    return out.loc[out.sum(axis=1).sort_values(ascending=False, kind="stable").index].astype("float64") if len(out) else out


def shares(df: pd.DataFrame) -> pd.DataFrame:
    """Return each column as shares of its sum; a column without anything stays 0."""
    total = df.sum(axis=0)
    return df / np.where(total > 0, total, 1.0)
