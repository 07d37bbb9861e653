"""Tables ``jobs`` and ``job_skus``: successors of real training runs, sized by their FLOP."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from derivation.chips import SKUS
from derivation.facts import Facts
from derivation.sites import chosen_sites
from derivation.spec import HOURS_PER_QUARTER, SECONDS_PER_QUARTER, Spec, quarter_label

GROWTH_PER_YEAR, TARGET_YEAR, MAX_FACTOR = 4.5, 2027.5, 150.0  # scenario: compute of frontier runs grows 4-5x a year (Epoch AI)
REFERENCE = "gb300"
SOFTWARE = {"mi355x": 0.8, "trainium2": 0.8, "ascend-910c": 0.7}  # scenario: utilisation relative to the measured runs
DURATIONS = ((3_000, 1), (60_000, 2), (300_000, 3))  # scenario: reference unit-quarters below which a run takes so many quarters; else 4
# Scenario: SKUs tried by gang size on the reference SKU; three of each list are taken, the reference first.
CHOICES = (
    (150_000, ("gb300",)),
    (20_000, ("gb300", "tpu-v7", "gb200")),
    (3_000, ("gb300", "mi355x", "gb200", "tpu-v7", "trainium2")),
    (0, ("h100", "b200", "gb200", "trainium2", "tpu-v7", "mi355x")),
)
CHOICES_CN = ("ascend-910c", "h20")
FIRMNESS = ((85_000, 0.999), (3_000, 0.995))  # scenario: power-stable rule by gang size
LOSS_HOURS = ((20_000, 6.0), (0, 3.0))  # scenario: half a checkpoint interval plus restart
VALUE_USD_PER_HOUR, VALUE_SPREAD = 4.2, 0.40  # scenario: worth of a reference unit-hour; sigma of its logarithm
VIDEO_HBM_GB = 128  # scenario: memory per accelerator for video runs
EEA_WORDS = ("France", "Germany", "Finland", "Spain", "Netherlands", "Sweden", "Italy", "Portugal")
GULF_WORDS = ("United Arab Emirates", "Saudi Arabia")
CN_EVERY, US_EVERY = 12, 14  # scenario: every n-th Chinese run stays in China, every n-th United States run is government work
MANDATORY_EVERY = 40  # scenario: one job in so many must run


def year_of(date: str) -> float:
    """Return a date such as ``2025-07-09`` as a year with fraction."""
    return int(date[:4]) + (int(date[5:7]) - 0.5) / 12


def picked_runs(facts: Facts, spec: Spec, skip: int) -> pd.DataFrame:
    """Return the runs of the case: the largest eighth, then evenly spaced over the ranking of all runs with known FLOP.

    Asking for more jobs than there are runs repeats the runs, with their own dates and values.
    """
    runs = facts["runs"]
    known = runs[runs["training_flop"].notna()].sort_values(["training_flop", "run_id"], ascending=[False, True], ignore_index=True)
    known = known.iloc[skip:]
    whole, rest = divmod(spec.n_jobs, len(known))
    parts = [known.assign(copy=i) for i in range(whole)]
    if rest:
        head = min(rest // 8, len(known))  # the largest runs are all in
        at = np.concatenate([np.arange(head), np.linspace(head, len(known) - 1, rest - head).round().astype(int)])
        parts.append(known.iloc[at].assign(copy=whole))
    return pd.concat(parts, ignore_index=True)


def job_tables(facts: Facts, spec: Spec) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return tables ``jobs`` and ``job_skus``."""
    runs = picked_runs(facts, spec, skip=0 if spec.n_jobs > 100 else 8)
    rng = np.random.default_rng(spec.seed + 1)
    rates = unit_quarter_flop(facts)
    residency = residency_of(runs, set(chosen_sites(facts, spec)["country"]))
    jobs, pairs, eligible = [], [], 0
    for (_, run), cls in zip(runs.iterrows(), residency, strict=True):
        factor = min(GROWTH_PER_YEAR ** (TARGET_YEAR - year_of(run["publication_date"])), MAX_FACTOR)
        flop = factor * run["training_flop"]
        unit_quarters = flop / rates[REFERENCE]
        duration = next((d for limit, d in DURATIONS if unit_quarters < limit), 4)
        gang = unit_quarters / duration
        job = run["run_id"].replace("run-", "", 1) + (f"-copy{run['copy']}" if run["copy"] else "")
        earliest, latest = _window(rng, spec, duration, gang)
        spread = math.exp(rng.normal(0.0, VALUE_SPREAD))
        free = cls == "" and 300 < gang < 3_000
        eligible += free
        mandatory = free and eligible % (MANDATORY_EVERY // 10) == 1 and eligible // 4 < spec.n_jobs / MANDATORY_EVERY
        skus = _skus(rng, spec, gang, cls)
        jobs.append(
            {
                "job": job,
                "name": " ".join(run["model"].split()) + " successor",
                "value_musd": round(VALUE_USD_PER_HOUR * spread * unit_quarters * HOURS_PER_QUARTER / 1e6, 2),
                "mandatory": int(mandatory),
                "earliest": quarter_label(earliest, spec.start),
                "latest": quarter_label(latest, spec.start),
                "residency": cls,
                "min_firmness": next((f for limit, f in FIRMNESS if gang >= limit), 0),
                "min_hbm_gb": VIDEO_HBM_GB if "Video" in run["domain"] and cls != "cn-only" else 0,
                "loss_hours_per_outage": next(h for limit, h in LOSS_HOURS if gang >= limit),
                "source": f"Epoch AI {run['run_id']}: {run['training_flop']:.3g} FLOP, {run['publication_date']}",
                "assumption": f"scenario: compute x {factor:.1f}, window, value, rules",
            }
        )
        for sku in skus:
            node = SKUS[sku].node_units
            units = math.ceil(flop / rates[sku] / duration / node) * node
            pairs.append({"job": job, "sku": sku, "units": units, "duration_periods": duration, "assumption": "FLOP / (bf16 peak x utilisation)"})
    return pd.DataFrame(jobs), pd.DataFrame(pairs)


def unit_quarter_flop(facts: Facts) -> dict[str, float]:
    """Return the training FLOP that one accelerator does in a quarter: bf16 peak x median measured utilisation of real runs."""
    mfu = float(facts["runs"]["mfu"].median())
    peak = facts["accelerators"].set_index("accel_id")["bf16_tflops"]
    return {str(s): float(p) * 1e12 * mfu * SOFTWARE.get(str(s), 1.0) * SECONDS_PER_QUARTER for s, p in peak.items()}


def residency_of(runs: pd.DataFrame, countries: set[str]) -> list[str]:
    """Return the residency class of each run, by the country of its organisation; blank where the case has no such site."""
    classes, seen = [], {"CN": 0, "US": 0}
    for text in runs["country_text"]:
        cls = ""
        if any(w in text for w in GULF_WORDS) and countries & {"AE", "SA"}:
            cls = "gulf"
        elif any(w in text for w in EEA_WORDS):
            cls = "eu-gov"
        elif text.startswith("China"):
            seen["CN"] += 1
            cls = "cn-only" if seen["CN"] % CN_EVERY == 5 and "CN" in countries else ""
        elif text.startswith("United States"):
            seen["US"] += 1
            cls = "us-gov" if seen["US"] % US_EVERY == 5 else ""
        classes.append(cls)
    return classes


def _window(rng: np.random.Generator, spec: Spec, duration: int, gang: float) -> tuple[int, int]:
    last = spec.n_periods - duration
    first = min(spec.n_periods // 3, last) if gang >= 150_000 else 0
    earliest = int(rng.integers(first, last + 1))
    slack = int(rng.integers(2, 6))
    latest = spec.n_periods - 1 if gang >= 150_000 else min(earliest + duration - 1 + slack, spec.n_periods - 1)
    return earliest, latest


def _skus(rng: np.random.Generator, spec: Spec, gang: float, cls: str) -> list[str]:
    if cls == "cn-only":
        return [s for s in CHOICES_CN if s in spec.skus]
    names = [s for s in next(c for limit, c in CHOICES if gang >= limit) if s in spec.skus] or [s for s in (REFERENCE,) if s in spec.skus]
    others = [str(s) for s in rng.permutation(names[1:])]
    return [names[0], *others[:2]]
