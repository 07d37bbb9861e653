"""One site's energy against PyPSA (pypsa.org), an independent model of the same thing with the same solver kind; needs the extra `crosscheck`."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import placement
from tests.layers.small import Row, small_case

pypsa = pytest.importorskip("pypsa", reason="PyPSA is not installed (pip install placement[crosscheck]): the comparison with it is SKIPPED")

BLOCKS = {"night": 0.3, "day": 0.35, "evening": 0.25, "stress": 0.1}  # in the order of a day
SUN = {"night": 0.0, "day": 0.55, "evening": 0.15, "stress": 0.0}
USD = {"night": 35.0, "day": 45.0, "evening": 90.0, "stress": 400.0}
GRID_MW, PUE, HOURS = 1.5, 1.25, 8766.0
SOLAR = {"max_mw": 50, "capex_musd_per_mw": 0.06, "energy_usd_per_mwh": 0}
GAS = {"max_mw": 5, "capex_musd_per_mw": 0.02, "energy_usd_per_mwh": 60, "opex_musd_per_mw_year": 0.01}
BATTERY = {"max_mw": 20, "hours": 4, "efficiency": 0.85, "capex_musd_per_mw": 0.02, "capex_musd_per_mwh": 0.01}


def one_site(folder) -> placement.Case:
    """Chips that run already, a job that must run all year, a service that peaks in the stress block: nothing but energy is left to decide."""
    plants: list[Row] = [
        {"generator": "solar", "site": "s", "tech": "solar", "profile": "sun", **SOLAR},
        {"generator": "gas", "site": "s", "tech": "gas", **GAS},
    ]
    text = "".join(f'[[blocks]]\nname = "{b}"\nshare = {share}\nstress = {str(b == "stress").lower()}\n' for b, share in BLOCKS.items())
    return small_case(
        folder,
        settings={"start": "2027", "periods": 1, "period_months": 12},
        blocks=text,
        sites=[{"site": "s", "country": "NO", "lat_deg": 60, "lon_deg": 10, "zone": "z", "pue": PUE}],
        halls=[{"site": "s", "hall": "h", "it_mw": 4, "existing": 1}],
        installed=[{"domain": "s", "sku": "k", "units": 3000}],
        skus=[{"sku": "k", "vendor": "v", "kw_per_unit": 1, "idle_share": 0.1, "hbm_gb": 80}],
        offers=None,
        grid=[{"site": "s", "tier": "t", "mw": GRID_MW}],
        tariffs=[{"zone": "z", "period": "2027", "block": b, "energy_usd_per_mwh": usd} for b, usd in USD.items()],
        profiles=[{"profile": "sun", "block": b, "factor": f} for b, f in SUN.items()],
        generators=plants,
        storage=[{"storage": "battery", "site": "s", **BATTERY}],
        jobs=[{"job": "j", "value_musd": 1, "mandatory": 1}],
        job_skus=[{"job": "j", "sku": "k", "units": 1500, "duration_periods": 1}],
        services=[{"service": "chat", "slo_rtt_ms": 100, "peak_to_mean": 2, "hbm_gb": 60, "price_usd_per_mtok": 2}],
        service_skus=[{"service": "chat", "sku": "k", "tok_per_s": 1000}],
        metros=[{"metro": "m", "country": "NO", "lat_deg": 59.9, "lon_deg": 10.7}],
        demand=[{"service": "chat", "metro": "m", "period": "2027", "mtok_per_day": 43200}],
        links=[{"link": "l", "a": "s", "b": "m", "km": 100}],
    )


def load_mw() -> dict[str, float]:
    """Return what the site draws, by hand: idle chips, the job, and the service at its peak and else so that its mean is half of it."""
    serving = 43200e6 / 86400 * 2 / 1000  # chips for the peak
    other = (1 / 2 - BLOCKS["stress"]) / (1 - BLOCKS["stress"])
    return {b: PUE * (0.1 * 3000 + 0.9 * (1500 + serving * (1.0 if b == "stress" else other))) / 1000 for b in BLOCKS}


def pypsa_cost() -> tuple[float, pypsa.Network]:
    """Return the least yearly cost of the same site in PyPSA, M$, and its network: one snapshot per block."""
    for name in ("pypsa", "linopy"):
        logging.getLogger(name).setLevel(logging.ERROR)
    n = pypsa.Network()
    n.set_snapshots(list(BLOCKS))
    share = np.array(list(BLOCKS.values()))
    n.snapshot_weightings["objective"] = n.snapshot_weightings["generators"] = share * HOURS
    n.snapshot_weightings["stores"] = share * 24  # hours of the representative day
    n.add("Bus", "s")
    n.add("Load", "load", bus="s", p_set=list(load_mw().values()))
    n.add("Generator", "grid", bus="s", p_nom=GRID_MW, marginal_cost=[usd / 1e6 for usd in USD.values()])
    plant = {"bus": "s", "p_nom_extendable": True}
    n.add("Generator", "solar", **plant, p_nom_max=50, capital_cost=SOLAR["capex_musd_per_mw"], p_max_pu=list(SUN.values()))
    cost = GAS["capex_musd_per_mw"] + GAS["opex_musd_per_mw_year"]
    n.add("Generator", "gas", **plant, p_nom_max=5, capital_cost=cost, marginal_cost=GAS["energy_usd_per_mwh"] / 1e6)
    cost = BATTERY["capex_musd_per_mw"] + BATTERY["hours"] * BATTERY["capex_musd_per_mwh"]
    n.add(
        "StorageUnit", "battery", **plant, p_nom_max=20, capital_cost=cost, max_hours=BATTERY["hours"], efficiency_store=BATTERY["efficiency"],
        cyclic_state_of_charge=True,
    )  # fmt: skip
    n.optimize(solver_name="highs", include_objective_constant=False, log_to_console=False)
    return float(n.objective), n


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_optimum_is_that_of_pypsa(tmp_path):
    """Least cost agrees to 1e-6; solar, gas, storage and grid are all in use, so that each of them is compared."""
    plan = placement.solve(one_site(tmp_path), rel_gap=0.0, time_limit_s=60)
    assert plan.verdict is not None
    assert plan.verdict.ok, plan.verdict.violations
    ours = plan.objective - plan.verdict.terms["value"]
    theirs, network = pypsa_cost()
    assert ours == pytest.approx(theirs, rel=1e-6)
    built = {**plan.tables["generators"].set_index("generator")["mw"], "battery": plan.tables["storage"]["capacity_mw"].max()}
    assert min(built.values()) > 0.05
    assert built["solar"] == pytest.approx(network.generators.p_nom_opt["solar"], rel=1e-4)
    assert built["gas"] == pytest.approx(network.generators.p_nom_opt["gas"], rel=1e-4)
    assert built["battery"] == pytest.approx(network.storage_units.p_nom_opt["battery"], rel=1e-4)
