# ruff: noqa: E501  # rows of figures are read across
"""Training: fabric, checkpoints, software maturity, elastic width, fine-tunes, deferrable and preemptible jobs, releases."""

from __future__ import annotations

import math

import pandas as pd

from derivation.chips import SKUS
from derivation.spec import Spec, quarter_index, quarter_label

FABRIC = {"campus": 400, "region": 200}  # scenario: Gbit/s of scale-out network per accelerator (400: ConnectX-7 class)
NEEDS_FABRIC = (3_000, 400)  # scenario: gangs from so many units on need so much
CHECKPOINT = {6.0: (10.0, 1.0), 3.0: (4.0, 1.0)}  # scenario: lost hours -> checkpoint interval and restart, h
MATURITY = {"mi355x": 0.8, "trainium2": 0.8, "ascend-910c": 0.7}  # scenario: throughput reached, relative to the measured runs
PORTING_MUSD = {"mi355x": 8.0, "trainium2": 10.0, "tpu-v7": 12.0, "ascend-910c": 15.0}  # scenario
ELASTIC_EVERY, ELASTIC_BELOW = 3, 3_000  # scenario: every so manieth gang below that size may run narrower or wider
NARROWEST, WIDEST, SCALING = 0.4, 1.6, 0.9  # scenario: share of the nominal units, exponent of the duration
DUTY_EVERY, DUTY = 7, 0.7  # scenario: small jobs (rollouts, data curation) that need only a share of the hours, of their choice
PREEMPTIBLE_EVERY = 11  # scenario: small jobs that fill what inference leaves idle
TUNED_EVERY, TUNED_SHARE, TUNED_VALUE = 12, 0.02, 0.08  # scenario: a fine-tune takes 2 % of the units of its base model and is worth 8 % of it
TUNED_CLASSES = ("eu-gov", "", "us-gov", "")  # scenario: jurisdictions of the fine-tunes, in turn
RISKY_UNITS, SUCCESS = 20_000, 0.9  # scenario: chance that a run of so many units is worth its value: the first of its size
DUE_EVERY, DUE_AFTER, LATE, UNPLACED = 10, 2, 0.03, 0.05  # scenario: every so manieth optional job is promised; quarters of slack; shares of its value
RELEASES, LAG = 4, 1  # scenario: so many jobs release a model, mandatory ones and those that can end first; quarters until it is served
RELEASE_MUSD_PER_PERIOD = 25.0  # scenario
RELEASED_SERVICE = "eu-assistant"  # scenario: served from the first release on

ENTRIES = {
    "releases": (
        "none: scenario",
        "-",
        f"Scenario: {RELEASES} jobs release a model; {RELEASE_MUSD_PER_PERIOD:g} M$ a quarter while it is out, one quarter of lag.",
    ),
}
NOTES = {
    "halls": f"Scenario: fabric {FABRIC} Gbit/s per accelerator.",
    "jobs": f"Scenario: gangs from {NEEDS_FABRIC[0]:,} units on need {NEEDS_FABRIC[1]} Gbit/s; lost hours split into checkpoint interval and restart ({CHECKPOINT}); every {DUTY_EVERY}th small job is "
    f"deferrable (duty {DUTY:g}), every {PREEMPTIBLE_EVERY}th preemptible; fine-tunes of every {TUNED_EVERY}th job ({TUNED_SHARE:.0%} of the units, {TUNED_VALUE:.0%} of the value). "
    f"Scenario: runs of {RISKY_UNITS:,} units on succeed with {SUCCESS:.0%}; some jobs are due {DUE_AFTER} quarters after they could end, {LATE:.0%} of the value per quarter late, {UNPLACED:.0%} if not placed.",
    "job_skus": f"Scenario: software maturity {MATURITY} as a column, porting cost {PORTING_MUSD} M$; every {ELASTIC_EVERY}rd gang below {ELASTIC_BELOW:,} units is elastic "
    f"({NARROWEST:g} to {WIDEST:g} of its units, exponent {SCALING:g}).",
}


def extend(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add what the module says."""
    kind = tables["sites"].set_index("site")["kind"]
    tables["halls"]["fabric_gbps_per_unit"] = tables["halls"]["site"].map(kind).map(FABRIC)
    _skus(tables)
    _jobs(tables)
    _risks(tables, spec)
    _fine_tunes(tables, spec)
    _releases(tables, spec)


def _skus(tables: dict[str, pd.DataFrame]) -> None:
    rows = tables["job_skus"]
    maturity = rows["sku"].map(MATURITY).fillna(1.0)
    node = rows["sku"].map({s: c.node_units for s, c in SKUS.items()})
    rows["units"] = (rows["units"] * maturity / node).map(math.ceil) * node  # nominal; the maturity makes it as large as it was
    rows["maturity"] = maturity
    rows["porting_cost_musd"] = rows["sku"].map(PORTING_MUSD).fillna(0.0)
    number = pd.Series(range(len(tables["jobs"])), index=tables["jobs"]["job"])
    stretchy = (rows["job"].map(number) % ELASTIC_EVERY == 1) & (rows["units"] < ELASTIC_BELOW)
    fewest, most = (rows["units"] * NARROWEST).map(math.ceil), (rows["units"] * WIDEST).map(math.floor)
    rows["min_units"], rows["max_units"] = fewest.where(stretchy, "").astype(object), most.where(stretchy, "").astype(object)
    rows["scaling_exponent"] = pd.Series(SCALING, index=rows.index).where(stretchy, "").astype(object)


def _jobs(tables: dict[str, pd.DataFrame]) -> None:
    jobs = tables["jobs"]
    gang = tables["job_skus"].groupby("job")["units"].max().reindex(jobs["job"]).to_numpy()
    jobs["min_fabric_gbps"] = [NEEDS_FABRIC[1] if g >= NEEDS_FABRIC[0] else 0 for g in gang]
    losses = jobs.pop("loss_hours_per_outage")
    jobs["checkpoint_hours"], jobs["restart_hours"] = losses.map(lambda h: CHECKPOINT[h][0]), losses.map(lambda h: CHECKPOINT[h][1])
    small = (gang < ELASTIC_BELOW) & (jobs["min_firmness"] == 0) & (jobs["mandatory"] == 0)
    number = pd.Series(range(len(jobs)))
    jobs["preemptible"] = (small & (number % PREEMPTIBLE_EVERY == 3)).astype(int)
    jobs["duty"] = [DUTY if s and i % DUTY_EVERY == 2 and not p else "" for i, (s, p) in enumerate(zip(small, jobs["preemptible"], strict=True))]


def _risks(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add the risk of the largest runs, and promises with penalties to some jobs whose window leaves a choice."""
    jobs, skus = tables["jobs"], tables["job_skus"].groupby("job")
    gang, length = (skus[c].max().reindex(jobs["job"]).to_numpy() for c in ("units", "duration_periods"))
    jobs["success_probability"] = [SUCCESS if units >= RISKY_UNITS else "" for units in gang]
    due = [quarter_index(q, spec.start) + int(d) - 1 + DUE_AFTER for q, d in zip(jobs["earliest"], length, strict=True)]
    last = [quarter_index(q, spec.start) for q in jobs["latest"]]
    promised = [i % DUE_EVERY == 4 and not m and end < most for i, (m, end, most) in enumerate(zip(jobs["mandatory"], due, last, strict=True))]
    jobs["due"] = [quarter_label(end, spec.start) if yes else "" for end, yes in zip(due, promised, strict=True)]
    for column, share in (("late_musd_per_period", LATE), ("unplaced_musd", UNPLACED)):
        jobs[column] = [round(share * value, 3) if yes else "" for value, yes in zip(jobs["value_musd"], promised, strict=True)]


def _fine_tunes(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add small jobs that start from the weights of a larger one, some of them tied to a jurisdiction."""
    jobs, skus = tables["jobs"], tables["job_skus"]
    units = skus.groupby("job")["units"].max()
    bases = jobs[(jobs["job"].map(units) >= 500) & (jobs["residency"] == "")].iloc[::TUNED_EVERY]
    new_jobs, new_skus = [], []
    classes = {"", *jobs["residency"]}
    for i, (_, base) in enumerate(bases.iterrows()):
        duration = int(skus.loc[skus["job"] == base["job"], "duration_periods"].max())
        first = quarter_index(base["earliest"], spec.start) + duration
        if first >= spec.n_periods:
            continue
        job, cls = f"{base['job']}-tuned", TUNED_CLASSES[i % len(TUNED_CLASSES)]
        row = dict.fromkeys(jobs.columns, "") | {
            "job": job, "name": base["name"].replace(" successor", "") + ", fine-tuned", "value_musd": round(TUNED_VALUE * base["value_musd"], 2), "mandatory": 0,
            "earliest": quarter_label(first, spec.start), "latest": quarter_label(spec.n_periods - 1, spec.start), "residency": cls if cls in classes else "",
            "min_firmness": 0, "min_hbm_gb": base["min_hbm_gb"], "min_fabric_gbps": 0, "checkpoint_hours": 4.0, "restart_hours": 1.0, "preemptible": 0,
            "base_job": base["job"], "source": "", "assumption": "scenario: fine-tune of the base model, its jurisdiction, size and value",
        }  # fmt: skip
        new_jobs.append(row)
        for sku in ("gb300", "b200"):
            node = SKUS[sku].node_units
            size = max(node, math.ceil(TUNED_SHARE * units[base["job"]] / node) * node)
            new_skus.append({"job": job, "sku": sku, "units": size, "duration_periods": 1, "maturity": 1.0, "assumption": "scenario: size of the fine-tune"})
    jobs["base_job"] = ""
    tables["jobs"] = pd.concat([jobs, pd.DataFrame(new_jobs)], ignore_index=True)
    tables["job_skus"] = pd.concat([skus, pd.DataFrame(new_skus)], ignore_index=True).fillna(
        {"min_units": "", "max_units": "", "scaling_exponent": "", "porting_cost_musd": 0.0}
    )


def _releases(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    jobs = tables["jobs"]
    length = tables["job_skus"].groupby("job")["duration_periods"].min()
    ready = jobs["earliest"].map(lambda q: quarter_index(q, spec.start)) + jobs["job"].map(length) + 1 + LAG
    units = jobs["job"].map(tables["job_skus"].groupby("job")["units"].max())
    fits = (ready < spec.n_periods - 2) & (jobs["residency"] == "") & (jobs["base_job"] == "") & (units >= 200)
    rank = jobs[fits].assign(ready=ready, units=units).sort_values(["mandatory", "ready", "units"], ascending=[False, True, True], kind="stable")
    chosen = rank.head(RELEASES)
    rows = [
        {
            "release": f"{job}-release",
            "job": job,
            "lag_periods": LAG,
            "value_musd_per_period": RELEASE_MUSD_PER_PERIOD,
            "assumption": "scenario: value of a release",
        }
        for job in chosen["job"]
    ]
    tables["releases"] = pd.DataFrame(rows)
    first = quarter_label(int(chosen["ready"].iloc[0]), spec.start)
    demand = tables["demand"]
    tables["demand"] = demand[(demand["service"] != RELEASED_SERVICE) | (demand["period"] >= first)].reset_index(drop=True)
    services = tables["services"]
    services["release"] = ["" if s != RELEASED_SERVICE else rows[0]["release"] for s in services["service"]]
