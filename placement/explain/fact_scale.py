"""How much any plan of a case could need at all, and which values of its rules are worth trying."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from placement.case import Case
from placement.fibre import Routing, round_trip_ms
from placement.units import KW_PER_MW, SECONDS_PER_DAY

_AMPLE = 4.0  # over what is counted: spares, goodput, room lost to whole halls
_MUSD = 1e6  # funds that no plan needs
_GBPS = 1e6
_LONGEST_MS = 10_000.0


@dataclass(frozen=True)
class Scale:
    """Amounts that are more than enough, for one case."""

    case: Case

    musd = _MUSD
    gbps = _GBPS
    ms = _LONGEST_MS

    @property
    def last(self) -> int:
        """The last period."""
        return self.case.n_periods - 1

    @cached_property
    def units(self) -> float:
        """Accelerators for all that must run or be served, at once and on whatever SKU takes most of them."""
        case = self.case
        rows = case["job_skus"]
        widest = np.maximum(rows["units"], rows["max_units"]) / rows["maturity"] if len(rows) else pd.Series(dtype=float)
        must = case["jobs"].loc[case["jobs"]["mandatory"], "job"]
        jobs = float(widest[rows["job"].isin(must)].groupby(rows["job"]).max().sum())
        return _AMPLE * (jobs + self._serving + float(case["installed"]["units"].sum())) + 1.0

    @property
    def _serving(self) -> float:
        case = self.case
        slowest = case["service_skus"].groupby("service")["tok_per_s"].min()
        asked = case["demand"].groupby(["service", "period"])["mtok_per_day"].sum().groupby("service").max()
        total = 0.0
        for s in case["services"].itertuples():
            if s.service in asked and s.service in slowest and math.isnan(s.unmet_usd_per_mtok):
                total += asked[s.service] * 1e6 / SECONDS_PER_DAY * s.peak_to_mean * (1 + s.burst_share) / s.utilisation_cap / slowest[s.service]
        return total

    @cached_property
    def it_mw(self) -> float:
        """IT MW of these accelerators."""
        return self.units * float(self.case["skus"]["kw_per_unit"].max()) / KW_PER_MW + 1.0

    @cached_property
    def mw(self) -> float:
        """MW at the meter of these accelerators."""
        return self.it_mw * max(float(self.case["sites"]["pue"].max()), 1.0)

    @cached_property
    def stage_units(self) -> float:
        """What these accelerators take of any stage of their making."""
        use = self.case["sku_stages"]["use_per_unit"]
        return self.units * float(use.max() if len(use) else 1.0)

    @cached_property
    def firmness(self) -> list[float]:
        """Firmness of all sources of power, and 0."""
        return [
            0.0,
            *(float(v) for t in ("grid", "generators", "storage") for v in self.case[t]["firmness"]),
            *map(float, self.case["sites"]["included_firmness"]),
        ]

    @cached_property
    def firmness_asked(self) -> list[float]:
        """Firmness that jobs ask for."""
        return [float(v) for v in self.case["jobs"]["min_firmness"]]

    @cached_property
    def _routing(self) -> Routing:
        return Routing(self.case["links"], self.case.n_periods)

    def rtts_ms(self, service: pd.Series, metro: str | None = None) -> list[float]:
        """Return the round-trip times from any site to the metros of a service, rounded up to 0.001 ms."""
        case = self.case
        asking = [metro] if metro is not None else sorted(set(case["demand"].loc[case["demand"]["service"] == service["service"], "metro"]))
        if not asking or not len(case["sites"]):
            return []
        km = self._routing.path_km(list(case["sites"]["site"]), asking, bool(service["avoid_subsea"]))
        ms = round_trip_ms(km, case.rtt_overhead_ms)
        return sorted({math.ceil(float(v) * 1e3 - 1e-9) / 1e3 for v in ms[np.isfinite(ms)]})

    def service(self, name: str) -> pd.Series:
        """Return the row of a service."""
        services = self.case["services"]
        return services[services["service"] == name].iloc[0]
