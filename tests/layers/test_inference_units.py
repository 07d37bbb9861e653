"""How many units a service holds: load by block, burst headroom, utilisation at the latency target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from placement.case import Case
from placement.demand.queueing import erlang_c, late_share, max_utilisation, utilisation_curve
from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import TABLES, edited, small_case, solved, violations

ALONE: dict[str, Any] = {
    "sites": edited("sites")[:1],
    "halls": edited("halls")[:1],
    "grid": edited("grid")[:1],
    "skus": edited("skus")[:1],
    "offers": edited("offers")[:1],
    "metros": edited("metros")[:1],
    "links": edited("links")[:1],
    "service_skus": edited("service_skus")[:1],
    "demand": [row for row in TABLES["demand"] if row["metro"] == "oslo"],
    "jobs": None,
    "job_skus": None,
}
CURVE = [{"curve": "q", "servers": n, "max_utilisation": u} for n, u in ((1, 0.4), (100, 0.8), (300, 0.9))]


def alone(folder: Path, loads: tuple[float, float] | None = None, curve: bool = False, **service: Any) -> Case:
    """Return the small case with one site, SKU, metro and service: 100 units are at work at the mean demand."""
    own = {"peak_to_mean": "" if loads else 2, **service, **({"queue_curve": "q"} if curve else {})}
    tables = {**ALONE, "services": edited("services", **own)}
    if loads:
        tables["service_loads"] = [{"service": "chat", "block": b, "load": load} for b, load in zip(("stress", "calm"), loads, strict=True)]
    if curve:
        tables["utilisation_curves"] = CURVE
    return small_case(folder, **tables)


def by_hand(loads: tuple[float, float], units: float) -> float:
    """Return the discounted cost when everything is served: chips for four quarters, energy at work and idle, hall, revenue."""
    discount = [1.08 ** -(t / 4) for t in range(5)]
    hours = [0.1 * 3 * 730.5, 0.9 * 3 * 730.5]
    chips = 0.02 * units * (1 - discount[4] * (1 - 1 / 5))
    mw = [1.1 * 1e-3 * (0.2 * units + 0.8 * 100 * load) for load in loads]
    energy = sum(m * h * usd for m, h, usd in zip(mw, hours, (150, 50), strict=True)) / 1e6
    revenue = 2 * 8640 * 3 * 30.4375 / 1e6
    return chips + sum(discount[:4]) * (energy + 0.25 - revenue)


# of 200 at work on the curve: between 80 (of 100) and 270 (of 300) servers at work
AT_200 = 0.8 + 0.1 * (200 - 80) / (270 - 80)


@pytest.mark.parametrize(
    ("settings", "loads", "units"),
    [
        ({}, (2, 8 / 9), 200),
        ({"loads": (1.9, 0.9)}, (1.9, 0.9), 190),
        ({"loads": (0.1, 1.1)}, (0.1, 1.1), 110),
        ({"burst_share": 0.25}, (2, 8 / 9), 250),
        ({"utilisation_cap": 0.8}, (2, 8 / 9), 250),
        ({"curve": True}, (2, 8 / 9), 200 / AT_200),
        ({"curve": True, "utilisation_cap": 0.5}, (2, 8 / 9), 400),
        ({"curve": True, "burst_share": 1.0}, (2, 8 / 9), 400 / 0.9),
        ({"loads": (1.9, 0.9), "burst_share": 0.1, "utilisation_cap": 0.95}, (1.9, 0.9), 220),
    ],
)
def test_optimum_by_hand(tmp_path, settings, loads, units):
    """Units, and the objective, are those worked out on paper."""
    plan = solved(alone(tmp_path, **settings))
    assert plan.tables["inference"]["units"].to_numpy() == pytest.approx(np.full(4, units))
    assert plan.objective == pytest.approx(by_hand(loads, units), rel=1e-7)


def test_load_by_block_replaces_the_peak(tmp_path):
    """A flatter service needs fewer accelerators than its peak to mean of 2, and less power in the stress block."""
    peaky, flat = solved(alone(tmp_path / "a")), solved(alone(tmp_path / "b", loads=(1.0, 1.0)))
    assert flat.kpis["units_ordered"] == pytest.approx(peaky.kpis["units_ordered"] / 2)
    stress = [p.tables["energy"].query("block == 'stress'")["mw"].sum() for p in (peaky, flat)]
    assert stress[1] == pytest.approx(stress[0] / 2)


def test_a_replica_that_fills_a_node_exactly_fits(tmp_path):
    """30.6 GB on three accelerators of 10.2 GB are a full node, although 30.6 / 10.2 is a hair above 3: weights go to thirds of the units."""
    skus = [{**ALONE["skus"][0], "hbm_gb": 10.2, "node_units": 3}]
    weights = {"origin": "south", "weights_gb": 30, "refresh_hours": 1}
    places = ("sites", "halls", "grid", "links", "metros", "demand")
    tables = {**ALONE, **{name: TABLES[name] for name in places}, "skus": skus, "services": edited("services", hbm_gb=30.6, **weights)}
    plan = solved(small_case(tmp_path, **tables))
    units = plan.tables["inference"].groupby("period")["units"].sum()
    assert plan.tables["refresh"]["gbps"].iloc[0] == pytest.approx(units.iloc[0] / 3 * 30 * 8 / 3600)


def test_larger_pools_are_used_more_fully(tmp_path):
    """Ten times the demand needs less than ten times the accelerators under a curve, and exactly ten times under a fixed cap."""
    less = [{**row, "mtok_per_day": 864} for row in ALONE["demand"]]

    def units(name: str, demand: Any, **service: Any) -> float:
        tables = {**ALONE, "services": edited("services", **service), "demand": demand}
        if "queue_curve" in service:
            tables["utilisation_curves"] = CURVE
        return float(solved(small_case(tmp_path / name, **tables)).tables["inference"]["units"].iloc[0])

    assert units("a", ALONE["demand"], queue_curve="q") < 9 * units("b", less, queue_curve="q")
    assert units("c", ALONE["demand"], utilisation_cap=0.8) == pytest.approx(10 * units("d", less, utilisation_cap=0.8))


def test_blank_columns_change_nothing(tmp_path):
    """Headroom 0, cap 1 and the two-level profile written as loads give the same rows and columns."""
    programs = []
    for name, service, loads in (("a", {}, None), ("b", {"burst_share": 0, "utilisation_cap": 1}, None), ("c", {}, (2, 8 / 9))):
        programs.append(assemble(build_sides(alone(tmp_path / name, loads, **service)))[0])
    for p in programs[1:]:
        assert p.row_names == programs[0].row_names
        np.testing.assert_allclose(p.matrix.toarray(), programs[0].matrix.toarray(), rtol=1e-12)
        np.testing.assert_allclose(p.cost, programs[0].cost, rtol=1e-12)


def test_the_checker_knows_loads_and_caps(tmp_path):
    """Fewer units than the cap asks for, fewer lent than used, and less power than the load of a block, are seen."""
    plan = solved(alone(tmp_path, loads=(0.1, 1.1), utilisation_cap=0.8, burst_share=0.1))
    assert "inference.units" in violations(plan, "inference", lambda t: t.assign(units=t["units"] * 0.8))
    assert "serve" in violations(plan, "chips", lambda t: t.assign(serving=t["serving"] * 0.8))
    assert "power" in violations(plan, "energy", lambda t: t.assign(mw=t["mw"].where(t["block"] == "stress", t["mw"] * 0.9)))


def test_hospital_example():
    """The emergency room with 2 patients/h and 3/h per doctor has Lq 4/3 with one doctor, 1/12 with two (Hillier and Lieberman, ch. 17)."""
    for doctors, queue in ((1, 4 / 3), (2, 1 / 12)):
        rho = 2 / 3 / doctors
        assert erlang_c(doctors, 2 / 3) * rho / (1 - rho) == pytest.approx(queue)
    assert late_share(1, 2 / 3, 3 * 0.5) == pytest.approx(2 / 3 * np.exp(-0.5))  # more than half an hour
    assert late_share(2, 1 / 3, 3 * 0.5) == pytest.approx(1 / 6 * np.exp(-2))


def test_erlang_c():
    """Gross and Harris: two servers at 1.5 erlang make 9/14 wait; one server makes wait as many as it is busy; none offered, none wait."""
    assert erlang_c(2, 1.5) == pytest.approx(9 / 14)
    assert erlang_c(1, 0.3) == pytest.approx(0.3)
    assert erlang_c(5, 0) == 0
    with pytest.raises(ValueError, match="offered load"):
        erlang_c(3, 3.0)


def test_curves_rise_and_meet_their_target():
    """At the utilisation of the curve exactly the wanted share is late; larger pools and steadier work allow more."""
    curve = utilisation_curve("q", (1, 4, 16, 64), wait=0.5)["max_utilisation"].tolist()
    assert curve == sorted(curve)
    assert [late_share(n, u, 0.5) for n, u in zip((1, 4, 16, 64), curve, strict=True)] == pytest.approx([0.05] * 4)
    assert max_utilisation(4, 0.5, variability=0.5) > curve[1] > max_utilisation(4, 0.5, variability=2.0)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"service_loads": [{"service": "chat", "block": "calm", "load": 1.1}]}, "must have a row for every block"),
        ({"service_loads": [{"service": "chat", "block": b, "load": 1.5} for b in ("calm", "stress")]}, "mean 1 over the hours"),
        (
            {"service_loads": [{"service": "chat", "block": b, "load": 1} for b in ("calm", "stress")], "services": edited("services")},
            "has no effect: service_loads",
        ),
        ({"utilisation_curves": CURVE}, "no service uses it"),
        (
            {"utilisation_curves": [{**CURVE[0], "max_utilisation": 0.9}, CURVE[1]], "services": edited("services", queue_curve="q")},
            "must not fall",
        ),
        ({"services": edited("services", queue_curve="p"), "utilisation_curves": CURVE}, "must be in utilisation_curves"),
        ({"services": edited("services", utilisation_cap=1.2)}, "utilisation_cap"),
    ],
)
def test_wrong_input_is_refused(tmp_path, tables, words):
    """Each rule says what is wrong."""
    blank = {"services": edited("services", peak_to_mean="")} if "service_loads" in tables else {}
    with pytest.raises(DataError, match=words):
        small_case(tmp_path, **{**blank, **tables})
