"""What is chosen by hand: which facts a case takes, and every scenario value that no open source has.

A number that stands here is an assumption; ``SOURCES.md`` of each case prints it.
"""

from __future__ import annotations

from dataclasses import dataclass

DAYS_PER_QUARTER = 91.3125
SECONDS_PER_QUARTER = DAYS_PER_QUARTER * 86_400
HOURS_PER_QUARTER = 2191.5

CAMPUSES = (
    "camp-microsoft-fairwater-wisconsin",
    "camp-openai-stargate-abilene",
    "camp-openai-stargate-shackelford",
    "camp-openai-stargate-uae",
    "camp-dayone-nusajaya",
    "camp-meta-hyperion",
    "camp-colossus-2",
    "camp-anthropic-amazon-new-carlisle",
    "camp-meta-prometheus",
    "camp-microsoft-fairwater-atlanta",
    "camp-start-campus-sines-data-campus",
    "camp-alibaba-zhangbei",
    "camp-qts-cedar-rapids",
    "camp-google-fort-wayne",
    "camp-amazon-ridgeland",
    "camp-google-the-dalles",
    "camp-fluidstack-lake-mariner",
    "camp-openai-stargate-new-mexico",
)
REGIONS = (
    "reg-azure-eastus",
    "reg-azure-germanywestcentral",
    "reg-azure-centralindia",
    "reg-azure-uksouth",
    "reg-azure-japaneast",
    "reg-azure-brazilsouth",
    "reg-azure-francecentral",
    "reg-azure-westus",
    "reg-azure-southeastasia",
    "reg-azure-koreacentral",
    "reg-azure-australiaeast",
    "reg-azure-swedencentral",
    "reg-azure-spaincentral",
    "reg-azure-italynorth",
    "reg-azure-uaenorth",
    "reg-azure-indonesiacentral",
    "reg-azure-southindia",
    "reg-azure-canadacentral",
    "reg-azure-mexicocentral",
    "reg-gcp-southamerica-west1",
    "reg-azure-southafricanorth",
    "reg-gcp-me-central2",
    "reg-azure-norwayeast",
    "reg-gcp-asia-east1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One case: its size and the scenario values that grow with it."""

    name: str
    title: str
    sites: tuple[str, ...]
    n_metros: int
    n_jobs: int
    n_periods: int
    skus: tuple[str, ...]
    services: tuple[str, ...]
    supply_share: float  # of the world's quarterly volume of a chip family that this planner can order
    demand_mtok_per_day: float  # all open services and metros together, first period
    budget_musd: float  # capex per quarter, first period
    metros: tuple[str, ...] = ()  # empty: chosen by weight and by country of the sites
    start: str = "2026Q4"
    discount_rate: float = 0.09
    carbon_price_usd_per_t: float = 50.0
    seed: int = 20261004
    layers: bool = False  # with every further layer (derivation/layers)


FRONTIER = Spec(
    name="frontier",
    title="Announced campuses and cloud regions, 2026Q4 to 2029Q3",
    sites=CAMPUSES + REGIONS,
    n_metros=64,
    n_jobs=160,
    n_periods=12,
    skus=("h100", "b200", "gb200", "gb300", "mi355x", "tpu-v7", "trainium2", "h20", "ascend-910c"),
    services=("chat", "voice", "code", "agents", "eu-assistant", "payments", "us-gov", "china-chat"),
    supply_share=0.16,
    demand_mtok_per_day=50e6,
    budget_musd=13000.0,
    layers=True,
)
FRONTIER_SMALL = Spec(
    name="frontier-small",
    title="Five campuses and three cloud regions, 2026Q4 to 2028Q1",
    sites=(
        "camp-microsoft-fairwater-wisconsin",
        "camp-openai-stargate-abilene",
        "camp-openai-stargate-shackelford",
        "camp-openai-stargate-uae",
        "camp-dayone-nusajaya",
        "reg-azure-eastus",
        "reg-azure-germanywestcentral",
        "reg-azure-centralindia",
    ),
    metros=(
        "met-us-new-york-city",
        "met-us-chicago",
        "met-us-dallas",
        "met-gb-london",
        "met-de-berlin",
        "met-fr-paris",
        "met-in-mumbai",
        "met-in-bengaluru",
        "met-sg-singapore",
        "met-my-kuala-lumpur",
        "met-ae-dubai",
        "met-cn-beijing",
    ),
    n_metros=12,
    n_jobs=20,
    n_periods=6,
    skus=("h100", "b200", "gb300"),
    services=("chat", "voice", "china-chat"),
    supply_share=0.10,
    demand_mtok_per_day=11e6,
    budget_musd=4500.0,
)
SPECS = {s.name: s for s in (FRONTIER_SMALL, FRONTIER)}

BLOCKS = (("base", 0.80), ("peak", 0.19), ("stress", 0.01))  # the last one is the stress block


def quarter_index(label: str, start: str) -> int:
    """Return the running number of a quarter such as ``2027Q3``, counted from ``start``."""
    return (int(label[:4]) - int(start[:4])) * 4 + int(label[5]) - int(start[5])


def quarter_label(index: int, start: str) -> str:
    """Return the label of a quarter; the inverse of :func:`quarter_index`."""
    year, within = divmod(int(start[:4]) * 4 + int(start[5]) - 1 + index, 4)
    return f"{year}Q{within + 1}"
