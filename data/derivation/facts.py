"""Reads the folder of facts; nothing is computed here but joins of one fact with its unit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

TABLES = {
    "sites": "base/sites.csv",
    "metros": "base/metros.csv",
    "pops": "base/pops.csv",
    "edges": "base/edges.csv",
    "attachments": "base/attachments.csv",
    "rtt_azure": "base/rtt_validation_azure.csv",
    "accelerators": "base/accelerators.csv",
    "chip_supply": "base/chip_supply_by_quarter.csv",
    "campus_power": "base/campus_power_by_quarter.csv",
    "build_durations": "permitting/epoch_build_durations.csv",
    "reliability": "energy/us_state_reliability.csv",
    "mlperf": "chips/mlperf_inference_v51_datacenter_closed.csv",
    "runs": "demand/epoch_training_runs.csv",
    "jurisdiction": "sovereignty/country_jurisdiction.csv",
    "azure_code": "demand/azure_llm_2023_code_per_minute.csv",
    "azure_conv": "demand/azure_llm_2023_conv_per_minute.csv",
}


@dataclass(frozen=True)
class Facts:
    """The fact tables by name; text columns hold ``""`` and number columns NaN where a cell is empty."""

    tables: dict[str, pd.DataFrame]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]


def read_facts(folder: Path) -> Facts:
    """Read every fact table; raise ``FileNotFoundError`` naming all that are missing."""
    missing = [path for path in TABLES.values() if not (folder / path).is_file()]
    if missing:
        raise FileNotFoundError(f"{folder} is not a folder of facts; missing: {', '.join(missing)}")
    return Facts({name: _read(folder / path) for name, path in TABLES.items()})


def _read(path: Path) -> pd.DataFrame:
    # "NA" is Namibia, so only the empty cell means unknown.
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    text = [c for c in table.columns if not pd.api.types.is_numeric_dtype(table[c])]
    return table.assign(**{c: table[c].fillna("") for c in text})


def percentile_days(facts: Facts) -> tuple[float, float, float]:
    """Return p10, p50 and p90 of the measured days from first milestone to first power (zeros are unknown starts)."""
    days = facts["build_durations"]["days_first_milestone_to_power"]
    known = days[days > 0]
    return tuple(float(known.quantile(q)) for q in (0.1, 0.5, 0.9))  # type: ignore[return-value]


def quartile_days(facts: Facts) -> tuple[float, float]:
    """Return the quartiles of the measured days from first milestone to first power."""
    days = facts["build_durations"]["days_first_milestone_to_power"]
    known = days[days > 0]
    return float(known.quantile(0.25)), float(known.quantile(0.75))
