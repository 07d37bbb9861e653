# ruff: noqa: E501  # rows of figures are read across
"""Inference: redundancy, load by block, bursts, waiting times, promises to single metros."""

from __future__ import annotations

import pandas as pd

from derivation.spec import BLOCKS, Spec
from placement.demand.queueing import utilisation_curve

REDUNDANT = ("eu-assistant", "us-gov")  # scenario: survive the loss of any failure domain; where a service must stay in one country, most have one site only
HOT_STANDBY = ("us-gov",)  # scenario: spares draw power in the stress block
SPREAD = {"chat": 0.8}  # scenario: most of a metro's demand in one failure domain
LOADED, PEAK_OF_STRESS = ("chat", "voice"), 0.93  # scenario: services with a load by block; the peak block's of the stress block's
BURST = {"voice": 0.10}  # scenario: spare units for bursts
CURVE, CURVED, SERVERS, WAIT = (
    "interactive",
    ("code", "voice"),
    (1, 2, 4, 8, 16, 32, 64, 128, 256),
    0.25,
)  # scenario: 95 % wait less than a quarter of the service time
PROMISED = {("voice", "SG"): 30.0, ("voice", "DE"): 35.0}  # scenario: ms, metros of the country

ENTRIES = {
    "service_loads": (
        "peak / mean: Azure LLM inference trace 2023",
        "CC BY 4.0",
        f"Scenario: the peak block's load is {PEAK_OF_STRESS:.0%} of the stress block's; the mean is kept.",
    ),
    "service_metros": ("none: scenario", "-", "Scenario: shorter round-trip times promised to the metros of single countries."),
    "utilisation_curves": (
        "Erlang C (M/M/c), computed by `placement/demand/queueing.py`",
        "mathematics",
        f"Scenario: 95 % of requests wait less than {WAIT:g} of the service time.",
    ),
}
NOTES = {
    "services": f"Scenario: bursts {BURST}, waiting times of {', '.join(CURVED)}. Scenario: {', '.join(REDUNDANT)} have spares for the loss of any failure domain ({', '.join(HOT_STANDBY)} with power); at most {SPREAD} of a metro's demand in one."
}


def extend(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add what the module says."""
    services = tables["services"]
    services["redundancy"] = ["n_minus_1" if s in REDUNDANT else "" for s in services["service"]]
    services["spare_power"] = services["service"].isin(HOT_STANDBY).astype(int)
    services["max_share_per_domain"] = services["service"].map(SPREAD)
    services["burst_share"] = services["service"].map(BURST).fillna(0.0)
    services["queue_curve"] = [CURVE if s in CURVED else "" for s in services["service"]]
    tables["utilisation_curves"] = utilisation_curve(CURVE, SERVERS, WAIT).assign(assumption="Erlang C").round({"max_utilisation": 4})
    tables["service_loads"] = _loads(services)
    country = tables["metros"].set_index("metro")["country"]
    asked = tables["demand"][["service", "metro"]].drop_duplicates().itertuples(index=False)
    rows = [
        {"service": s, "metro": m, "slo_rtt_ms": PROMISED[s, country[m]], "assumption": "scenario: promise"} for s, m in asked if (s, country[m]) in PROMISED
    ]
    tables["service_metros"] = pd.DataFrame(rows)


def _loads(services: pd.DataFrame) -> pd.DataFrame:
    """Return the load of each block of the chosen services, and blank their ratio of peak to mean."""
    share, rows = dict(BLOCKS), []
    for i, s in services.iterrows():
        if s["service"] in LOADED:
            top = float(s["peak_to_mean"])
            load = {"stress": top, "peak": round(PEAK_OF_STRESS * top, 4)}
            load["base"] = (1 - share["stress"] * load["stress"] - share["peak"] * load["peak"]) / share["base"]
            rows += [{"service": s["service"], "block": b, "load": x, "assumption": "scenario: peak block"} for b, x in load.items()]
            services.loc[i, "peak_to_mean"] = float("nan")
    return pd.DataFrame(rows)
