"""Tables ``metros``, ``services``, ``service_skus``, ``demand`` and ``residency``."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from derivation.facts import Facts
from derivation.fibre import link_table, rtt_table
from derivation.sites import chosen_sites
from derivation.spec import Spec, quarter_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service; everything but the SLO's reachability and the throughput is a scenario."""

    name: str
    slo_ms: float
    model: str  # MLPerf model, scenario of it
    scenario: str
    speed: float  # throughput at the service's context length / MLPerf throughput
    skus: tuple[str, ...]
    hbm_gb: float
    weights_gb: float
    price: float  # $/Mtok of output
    peak: str  # trace that gives peak_to_mean
    share: float  # weight of the service in the total demand; spread with the metros' weights
    metros: int  # the largest ones it may serve; 0: all
    residency: str = ""
    refresh_hours: float = 24.0
    only: tuple[str, ...] = ()  # countries of the users; empty: all but China
    unmet_factor: float = 4.0  # penalty for a token not served / its price


LOCAL = ("IN", "ID", "SA", "KR", "AU", "CA", "AE", "FR", "DE", "TR", "VN")  # a localisation level other than none in the jurisdiction table
EEA = "eea"
SERVICES = {
    "chat": Service(
        name="Chat assistant",
        slo_ms=100,
        model="deepseek-r1",
        scenario="Server",
        speed=0.30,
        skus=("gb300", "gb200", "tpu-v7", "b200"),
        hbm_gb=900,
        weights_gb=700,
        price=5.0,
        peak="conv",
        share=0.36,
        metros=36,
        refresh_hours=72,
    ),
    "voice": Service(
        name="Voice agent",
        slo_ms=40,
        model="llama2-70b-99",
        scenario="Interactive",
        speed=0.40,
        skus=("h100", "b200", "mi355x", "gb300"),
        hbm_gb=140,
        weights_gb=70,
        price=6.0,
        peak="conv",
        share=0.09,
        metros=48,
    ),
    "code": Service(
        name="Code completion",
        slo_ms=50,
        model="llama2-70b-99",
        scenario="Server",
        speed=0.25,
        skus=("h100", "b200", "gb200"),
        hbm_gb=160,
        weights_gb=80,
        price=4.0,
        peak="code",
        share=0.14,
        metros=40,
        refresh_hours=12,
    ),
    "agents": Service(
        name="Background agents",
        slo_ms=300,
        model="deepseek-r1",
        scenario="Offline",
        speed=0.30,
        skus=("gb300", "trainium2", "tpu-v7", "b200"),
        hbm_gb=1200,
        weights_gb=1000,
        price=2.5,
        peak="code",
        share=0.30,
        metros=24,
        refresh_hours=72,
    ),
    "eu-assistant": Service(
        name="European public-sector assistant",
        slo_ms=60,
        model="llama2-70b-99",
        scenario="Server",
        speed=0.25,
        skus=("h100", "b200", "gb200"),
        hbm_gb=160,
        weights_gb=80,
        price=7.0,
        peak="conv",
        share=0.12,
        metros=0,
        residency="eu-gov",
        only=(EEA,),
    ),
    "payments": Service(
        name="Payments and regulated finance",
        slo_ms=80,
        model="llama2-70b-99",
        scenario="Interactive",
        speed=0.40,
        skus=("h100", "b200"),
        hbm_gb=140,
        weights_gb=70,
        price=9.0,
        peak="conv",
        share=0.08,
        metros=0,
        residency="local",
        refresh_hours=48,
        only=LOCAL,
    ),
    "us-gov": Service(
        name="United States government assistant",
        slo_ms=80,
        model="llama2-70b-99",
        scenario="Server",
        speed=0.25,
        skus=("h100", "gb200", "trainium2"),
        hbm_gb=160,
        weights_gb=80,
        price=8.0,
        peak="conv",
        share=0.12,
        metros=0,
        residency="us-gov",
        only=("US",),
    ),
    "china-chat": Service(
        name="Chat assistant in China",
        slo_ms=100,
        model="deepseek-r1",
        scenario="Server",
        speed=0.30,
        skus=("h20", "ascend-910c", "b200"),
        hbm_gb=640,
        weights_gb=500,
        price=2.0,
        peak="conv",
        share=0.50,
        metros=0,
        residency="cn-only",
        only=("CN",),
        unmet_factor=2.0,
    ),
}
# In a case with few SKUs a service may use these as well.
FALLBACK_SKUS = ("gb300", "b200")
ORIGIN = "camp-microsoft-fairwater-wisconsin"  # scenario: training campus that the weights come from
ORIGIN_BY_CLASS = {"cn-only": "camp-alibaba-zhangbei"}
DEMAND_GROWTH = 0.08  # scenario: per quarter
MAX_PER_COUNTRY = {"US": 9, "CN": 4}  # scenario: user metros per country; 3 elsewhere
REFERENCE = "b200"  # has MLPerf results for every model used
GULF = ("AE", "SA", "QA")


def metro_facts(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return the fact rows of the case's metros: the largest of every country with a site, then by weight."""
    metros = facts["metros"].set_index("metro_id")
    if spec.metros and spec.n_metros == len(spec.metros):
        return metros.loc[list(spec.metros)]
    ranked = by_weight(metros)
    rank = ranked.groupby("country").cumcount()
    limit = ranked["country"].map(MAX_PER_COUNTRY).fillna(3)
    home = ranked["country"].isin(set(chosen_sites(facts, spec)["country"])) & (rank == 0)
    order = pd.concat([ranked[home], ranked[~home & (rank < limit)], ranked[~home & (rank >= limit)]])
    return metros[metros.index.isin(set(order.head(spec.n_metros).index))]


def by_weight(metros: pd.DataFrame) -> pd.DataFrame:
    """Return metros by falling demand weight; equal weights by id."""
    return metros.sort_index().sort_values("demand_weight", ascending=False, kind="stable")


def reachable(facts: Facts, spec: Spec) -> dict[str, list[str]]:
    """Return the metros of each service: its countries, within its SLO of some site that its residency allows.

    Services bound to the user's country keep metros without a site there: their demand goes unserved at the
    penalty, which is what localisation costs. So does the service for China.
    """
    metros = metro_facts(facts, spec)
    sites = chosen_sites(facts, spec)
    eea = set(facts["jurisdiction"].query("eea == 1")["country"])
    links = link_table(facts, spec, list(metros.index))
    rtt = rtt_table(links, list(spec.sites), list(metros.index))
    chosen = {}
    for key in spec.services:
        service = SERVICES[key]
        users = eea if service.only == (EEA,) else set(service.only)
        inside = metros[metros["country"].isin(users)] if users else metros[metros["country"] != "CN"]
        if service.residency in ("local", "cn-only"):
            chosen[key] = list(inside.index)
            continue
        hosts = sites["country"].isin(users) if service.residency else sites["country"] != "CN"
        near = inside[rtt.loc[sites.index[hosts], inside.index].min() <= service.slo_ms]
        chosen[key] = list(by_weight(near).index[: service.metros or None])
    return chosen


def metro_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``metros``; a metro that no service can reach is left out."""
    used = {m for metros in reachable(facts, spec).values() for m in metros}
    metros = metro_facts(facts, spec)
    metros = metros[metros.index.isin(used)]
    return pd.DataFrame(
        {
            "metro": metros.index,
            "name": metros["name"],
            "country": metros["country"],
            "lat_deg": metros["lat"].round(4),
            "lon_deg": metros["lon"].round(4),
            "source": "GeoNames " + metros["geonameid"].astype(str),
        }
    )


def service_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``services``."""
    rows = []
    for key in spec.services:
        s = SERVICES[key]
        origin = ORIGIN_BY_CLASS.get(s.residency, ORIGIN)
        refresh = origin in spec.sites
        rows.append(
            {
                "service": key,
                "name": s.name,
                "slo_rtt_ms": s.slo_ms,
                "residency": s.residency,
                "peak_to_mean": peak_to_mean(facts, s.peak),
                "hbm_gb": s.hbm_gb,
                "price_usd_per_mtok": s.price,
                "unmet_usd_per_mtok": s.unmet_factor * s.price,
                "weights_gb": s.weights_gb if refresh else 0,
                "refresh_hours": s.refresh_hours if refresh else "",
                "origin": origin if refresh else "",
                "source": f"peak / mean: Azure LLM trace 2023 ({s.peak})",
                "assumption": "scenario: SLO, price, penalty, model size, refresh",
            }
        )
    return pd.DataFrame(rows)


def peak_to_mean(facts: Facts, trace: str) -> float:
    """Return the 95th percentile over the mean of requests per minute in the Azure trace."""
    requests = facts[f"azure_{trace}"]["requests_n"]
    return round(float(requests.quantile(0.95) / requests.mean()), 2)


def service_sku_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``service_skus``: throughput per accelerator at the service's context length."""
    rows = []
    for key in spec.services:
        s = SERVICES[key]
        own = [k for k in s.skus if k in spec.skus]
        extra = [k for k in FALLBACK_SKUS if k in spec.skus and k not in own] if len(own) < 2 and len(spec.skus) < 4 else []
        for sku in [*own, *extra]:
            tok_per_s, rule = throughput(facts, s.model, s.scenario, sku)
            rows.append(
                {
                    "service": key,
                    "sku": sku,
                    "tok_per_s": round(tok_per_s * s.speed, 1),
                    "source": f"MLPerf Inference v5.1 closed {s.model} {s.scenario}",
                    "assumption": f"{rule}; scenario: x {s.speed} for context",
                }
            )
    return pd.DataFrame(rows)


def throughput(facts: Facts, model: str, scenario: str, sku: str) -> tuple[float, str]:
    """Return tokens/s per accelerator and the rule: measured; else scaled from B200 by Llama 2 70B, else by memory bandwidth."""
    measured = _mlperf(facts, model, scenario, sku)
    if measured:
        return measured, "median of submissions"
    base = _mlperf(facts, model, scenario, REFERENCE)
    other, own = _mlperf(facts, "llama2-70b-99", "Server", REFERENCE), _mlperf(facts, "llama2-70b-99", "Server", sku)
    if own:
        return base * own / other, "B200 x Llama 2 70B ratio"
    bandwidth = facts["accelerators"].set_index("accel_id")["mem_bw_tbps"]
    return base * float(bandwidth[sku] / bandwidth[REFERENCE]), "B200 x memory-bandwidth ratio"


MLPERF_NAMES = {"h100": "NVIDIA H100-SXM-80GB", "b200": "NVIDIA B200-SXM-180GB", "gb200": "NVIDIA GB200", "gb300": "NVIDIA GB300"}


def _mlperf(facts: Facts, model: str, scenario: str, sku: str) -> float:
    rows = facts["mlperf"].query("model == @model and scenario == @scenario")
    rows = rows[rows["accelerator"] == MLPERF_NAMES.get(sku, "")]
    return float(rows["result_per_accel"].median()) if len(rows) else 0.0


def demand_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``demand``: the scenario total, spread by the weights of services and metros."""
    weights = facts["metros"].set_index("metro_id")["demand_weight"]
    chosen = reachable(facts, spec)
    total = sum(SERVICES[k].share * weights[metros].sum() for k, metros in chosen.items())
    rows = []
    for key, metros in chosen.items():
        level = spec.demand_mtok_per_day * SERVICES[key].share * weights[metros] / total
        for t in range(spec.n_periods):
            period = quarter_label(t, spec.start)
            grown = (level * (1 + DEMAND_GROWTH) ** t).round(0)
            rows += [{"service": key, "metro": m, "period": period, "mtok_per_day": int(v)} for m, v in grown.items()]
    return pd.DataFrame(rows).assign(assumption="scenario: volume and growth")


def residency_table(facts: Facts, spec: Spec, jobs: pd.DataFrame) -> pd.DataFrame:
    """Return table ``residency``: a class's rows for the countries of the case's sites, and of its users where it is local."""
    used = {SERVICES[k].residency for k in spec.services} | set(jobs["residency"])
    countries = sorted(set(chosen_sites(facts, spec)["country"]))
    law = facts["jurisdiction"].set_index("country")
    rows = []
    if "eu-gov" in used:
        rows += [_allow("eu-gov", "", c, "eu-gov-eea", "GDPR, EEA agreement") for c in countries if law["eea"][c] == 1]
    if "us-gov" in used:
        rows.append(_allow("us-gov", "", "US", "us-gov-fedramp", law["localisation_basis"]["US"]))
    if "gulf" in used:
        rows += [_allow("gulf", "", c, f"gulf-{c.lower()}", law["localisation_basis"][c]) for c in countries if c in GULF]
    if "cn-only" in used:
        rows.append(_allow("cn-only", "", "CN", "cn-csl-37", law["localisation_basis"]["CN"]))
    if "local" in used:
        metros = facts["metros"].set_index("metro_id")["country"]
        origins = sorted({metros[m] for m in reachable(facts, spec)["payments"]})
        rows += [_allow("local", c, c, f"local-{c.lower()}", law["localisation_basis"][c]) for c in origins]
    return pd.DataFrame(rows)


def _allow(cls: str, origin: str, country: str, rule_id: str, source: str) -> dict[str, object]:
    note = "scenario: the rule is applied to the whole service; not legal advice"
    return {"class": cls, "origin": origin, "country": country, "allow": 1, "rule_id": rule_id, "source": source, "assumption": note}
