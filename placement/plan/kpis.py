"""Key figures of a plan, from its tables alone. Units are in the names; money undiscounted unless it says npv."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from placement.case import Case
from placement.units import DAYS_PER_MONTH, KG_PER_T, KW_PER_MW, USD_PER_MUSD

Tables = Mapping[str, pd.DataFrame]


def kpis(case: Case, tables: Tables, costs: pd.DataFrame) -> dict[str, float]:
    """Return the key figures of a plan (models/README.md, section 11); figures of absent layers are left out.

    Parameters
    ----------
    costs
        Undiscounted M$ by ``term``, ``layer`` and ``owner`` (site, SKU or blank).
    """
    if "pairs" in case:
        return {k: float(v) for k, v in _priced(case, tables).items() if np.isfinite(v)}
    found = {k: v for part in (_money, _sites, _chips, _energy, _training, _inference) for k, v in part(case, tables).items()}
    found |= {f"{term}_{layer}_musd": v for (term, layer), v in costs.groupby(["term", "layer"])["musd"].sum().items()}
    if found.get("served_gtok", 0) > 0:
        found["cost_usd_per_mtok"] = _inference_cost_musd(case, tables, costs) * USD_PER_MUSD / (found["served_gtok"] * 1e3)
    return {k: float(v) for k, v in found.items() if np.isfinite(v)}


def _money(case: Case, tables: Tables) -> dict[str, float]:
    by_term = tables["cash"].groupby("term")["musd"].sum()
    spend = by_term.drop(["value", "unmet", "salvage"], errors="ignore").sum()
    chips = tables["orders"]["cost_musd"].sum()
    out = {f"{term}_musd": musd for term, musd in by_term.items()}
    return {**out, "spend_musd": spend, "capex_chips_musd": chips, "capex_other_musd": by_term.get("capex", 0.0) - chips}


def _priced(case: Case, tables: Tables) -> dict[str, float]:
    """Return the figures of a plan for a case with pairs; costs are in the case's own unit."""
    by_term = tables["cash"].groupby("term")["musd"].sum()
    jobs, services = tables["training"], tables["inference"]
    used = pd.concat([jobs[["site", "units"]], services[["site", "units"]]])
    shut = set(tables["openings"].loc[tables["openings"]["open"] == 0, "site"])
    room = case["capacity"].loc[~case["capacity"]["site"].isin(list(shut)), ["site", "capacity"]]
    taken = used.loc[used["site"].isin(list(room["site"])), "units"].sum()
    return {
        "placing_cost": by_term.get("placing", 0.0),
        "opening_cost": by_term.get("opening", 0.0),
        "jobs_placed": len(jobs),
        "services_served": services["service"].nunique(),
        "services_split": (services["service"].value_counts() > 1).sum(),
        "sites_used": used["site"].nunique(),
        "sites_open": len(case["sites"]) - len(shut),
        "capacity_used_share": taken / room["capacity"].sum() if len(room) else np.nan,
    }


def _sites(case: Case, tables: Tables) -> dict[str, float]:
    halls, chips = tables["halls"], tables["chips"]
    kw = case["skus"].set_index("sku")["kw_per_unit"]
    last = chips[chips["period"] == case.periods[-1]]
    filled = ((last["installed"] + last["deployed"]) * last["sku"].map(kw)).sum() / KW_PER_MW
    return {
        "halls_built": (halls["existing"] == 0).sum(),
        "it_mw_built": halls.loc[halls["existing"] == 0, "it_mw"].sum(),
        "it_mw_end": halls["it_mw"].sum(),
        "stranded_it_mw_end": halls["it_mw"].sum() - filled,  # halls in service without chips
    }


def _chips(case: Case, tables: Tables) -> dict[str, float]:
    chips = tables["chips"]
    if not len(chips):
        return {}
    kw = chips["sku"].map(case["skus"].set_index("sku")["kw_per_unit"])
    there, used = ((chips["installed"] + chips["deployed"]) * kw).sum(), ((chips["training"] + chips["serving"]) * kw).sum()
    last = chips["period"] == case.periods[-1]
    return {
        "units_end": (chips["installed"] + chips["deployed"])[last].sum(),
        "units_ordered": tables["orders"]["units"].sum(),
        "chip_utilisation": used / there if there else np.nan,  # weighted by power, over all periods
        "idle_it_mw_mean": (there - used) / KW_PER_MW / case.n_periods,
    }


def _energy(case: Case, tables: Tables) -> dict[str, float]:
    energy = tables["energy"]
    if not len(energy):
        return {}
    hours = dict(zip((b.name for b in case.blocks), case.hours, strict=True))
    mwh = energy["mw"] * energy["block"].map(hours)
    pue = energy["site"].map(case["sites"].set_index("site")["pue"])
    return {
        "energy_gwh": mwh.sum() / 1e3,
        "pue_mean": mwh.sum() / (mwh / pue).sum(),
        "co2_kt": (mwh * _kg_per_mwh(case, energy)).sum() / KG_PER_T / 1e3,
        "contract_share": mwh[energy["source"].str.startswith("ppa:")].sum() / mwh.sum(),
        "own_generation_share": mwh[energy["source"].str.startswith("generator:")].sum() / mwh.sum(),
    }


def _kg_per_mwh(case: Case, energy: pd.DataFrame) -> pd.Series:
    """Return the carbon intensity of each row of the energy table."""
    tariffs = case["tariffs"].assign(period=np.array(case.periods)[case["tariffs"]["period"]])
    zone = case["sites"].set_index("site")["zone"]
    key = pd.MultiIndex.from_arrays([energy["site"].map(zone), energy["period"], energy["block"]])
    grid = pd.Series(tariffs.set_index(["zone", "period", "block"])["co2_kg_per_mwh"].reindex(key).to_numpy(), index=energy.index)
    own = {f"ppa:{p}": kg for p, kg in case["ppas"][["ppa", "co2_kg_per_mwh"]].itertuples(index=False)}
    own |= {f"generator:{g}": kg for g, kg in case["generators"][["generator", "co2_kg_per_mwh"]].itertuples(index=False)}
    return energy["source"].map(own).astype(float).fillna(grid)


def _training(case: Case, tables: Tables) -> dict[str, float]:
    if "jobs" not in case:
        return {}
    placed, unplaced = tables["training"], tables["unplaced"]
    out = {
        "jobs_placed": len(placed),
        "jobs_unplaced": len(unplaced),
        "value_placed_musd": placed["value_musd"].sum(),
        "value_unplaced_musd": unplaced["value_musd"].sum(),
    }
    nominal = placed.merge(case["job_skus"].rename(columns={"units": "nominal"}), on=["job", "sku"])
    return {**out, "goodput_mean": nominal["nominal"].sum() / nominal["units"].sum() if len(nominal) else np.nan}


def _inference(case: Case, tables: Tables) -> dict[str, float]:
    if "services" not in case:
        return {}
    days = case.period_months * DAYS_PER_MONTH
    asked = case["demand"].assign(period=np.array(case.periods)[case["demand"]["period"]])
    served = tables["inference"].merge(asked, on=["service", "metro", "period"])
    mtok = served["share"] * served["mtok_per_day"] * days
    total = asked["mtok_per_day"].sum() * days
    out = {"served_gtok": mtok.sum() / 1e3, "unserved_share": 1 - mtok.sum() / total if total else 0.0}
    if mtok.sum() > 0:
        ranked = np.argsort(served["rtt_ms"].to_numpy())
        cumulative = mtok.to_numpy()[ranked].cumsum() / mtok.sum()
        for q in (50, 95, 99):
            out[f"rtt_p{q}_ms"] = served["rtt_ms"].to_numpy()[ranked][np.searchsorted(cumulative, q / 100)]
    return out


def _inference_cost_musd(case: Case, tables: Tables, costs: pd.DataFrame) -> float:
    """Return the part of the costs that falls on inference: of a site's costs by its share of the power of chips in use there, of a SKU's
    by its share of the units of that SKU in use, of the rest by its share of all power of chips in use."""
    chips = tables["chips"]
    kw = chips["sku"].map(case["skus"].set_index("sku")["kw_per_unit"])
    both = pd.DataFrame({"site": chips["site"], "sku": chips["sku"], "serving": chips["serving"] * kw, "used": (chips["training"] + chips["serving"]) * kw})
    overall = both["serving"].sum() / both["used"].sum()
    by = {key: both.groupby(key)[["serving", "used"]].sum() for key in ("site", "sku")}
    share = {owner: row["serving"] / row["used"] for frame in by.values() for owner, row in frame.iterrows() if row["used"] > 0}
    return float((costs["musd"] * costs["owner"].map(share).astype(float).fillna(overall)).sum())
