"""Why demand is not served, by service and metro: the rules that keep sites from it, and what is scarce where it may be served."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.access import Access, access, slo_rtt_ms
from placement.demand.eligible import closed_to
from placement.fibre import Routing
from placement.program import Floats, Program, Sides
from placement.rules.meaning import meaning

LOST = "lost to other uses of chips, power or money"
_NIL = 1e-9  # M$: as good as nothing
#: Kind of resource -> what of it is scarce; ids in the order of its key.
_SCARCE = {
    "serve": "SKU {1} scarce at {0}", "pool": "SKU {1} scarce at {0}", "power": "power scarce at {0}",
    "fibre": "fibre link {0} is full", "release": "its release {0} is not out", "cover": "spares scarce outside {2} (N-1)",
    "spare": "spares scarce (N-1)", "spread": "{2} may serve no larger share", "presence": "it has no presence at {1}",
    "least_units": "a presence at {1} takes more units", "capacity": "{0} is full", "apart": "{1} may take no more",
}  # fmt: skip


def unserved(sides: Sides, program: Program, lost: pd.DataFrame, dual: Floats | None) -> list[dict[str, Any]]:
    """Return why demand is not served, the most Mtok/day first.

    Parameters
    ----------
    lost
        The plan table ``unserved``.
    dual : ndarray, shape (n_rows,)
        Local row duals; ``None`` where there are none, and nothing is known of what is scarce.

    Returns
    -------
    list
        ``service``, ``metro``, ``mtok_per_day`` (the most in a period) and that ``period``, ``why`` in a sentence or two, ``short`` in a few words:
        the main reason in the period in which the most demand of all services together is not served, if there is any of it then.
    """
    if lost.empty or "pairs" in sides.case:
        return []
    routing = Routing(sides.case["links"], sides.case.n_periods)
    peak, found = str(lost.groupby("period")["mtok_per_day"].sum().idxmax()), []
    for service, rows in lost.groupby("service", sort=False):
        one = _Service.of(sides, program, routing, str(service), dual)
        found += [one.record(str(metro), part, peak) for metro, part in rows.groupby("metro", sort=False)]
    return sorted(found, key=lambda r: -r["mtok_per_day"])


@dataclass(frozen=True)
class _Service:
    """One service: the rule that keeps each site from each metro, "" for none, shape (S, M), and every way to serve."""

    sides: Sides
    program: Program
    dual: Floats | None
    name: str
    slo_ms: Floats
    reach: Access
    rule: NDArray[np.object_]
    alone: frozenset[str]  # metros that one failure domain alone can serve where N-1 asks for two
    ways: pd.DataFrame  # metro, period (label), column of the program

    @classmethod
    def of(cls, sides: Sides, program: Program, routing: Routing, name: str, dual: Floats | None) -> _Service:
        case, scope = sides.case, sides.scope
        service = case["services"].set_index("service", drop=False).loc[name]
        reach = access(scope, routing, service)
        metros, labels, code = case["metros"]["metro"].to_numpy(), np.array(case.periods), list(case["services"]["service"]).index(name)
        parts = []
        for kind, at, frame in sides.columns.blocks():
            if kind == "inference":
                own = np.flatnonzero(frame["service"].to_numpy() == code)
                metro, t = (frame[c].to_numpy()[own] for c in ("metro", "period"))
                parts.append(pd.DataFrame({"metro": metros[metro], "period": labels[t], "column": program.n_supply + at + own}))
        ways = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["metro", "period", "column"])
        alone = frozenset(sides.demand.exclusions.query("rule == 'n_minus_1' and workload == @name")["place"])
        return cls(sides, program, dual, name, slo_rtt_ms(scope, service), reach, closed_to(scope, service, reach), alone, ways)

    def record(self, metro: str, lost: pd.DataFrame, peak: str) -> dict[str, Any]:
        """Return the reason of one metro."""
        most = lost.loc[lost["mtok_per_day"].idxmax()]
        m = list(self.sides.case["metros"]["metro"]).index(metro)
        rules = self.rule[:, m]
        ways = self.ways[self.ways["metro"] == metro]
        cause = [self.cause(metro, ways[ways["period"] == t], bool((rules == "").any())) for t in lost["period"]]
        by = lost.assign(cause=cause, now=lost["period"] == peak)
        causes = by.groupby("cause")["mtok_per_day"].sum().sort_values(ascending=False, kind="stable").index
        closed = self.closed(rules, m)
        ids = ", ".join(dict.fromkeys(str(rule) for rule in rules if rule))
        short = f"no site may serve it ({ids})" if (rules != "").all() else str(by.sort_values(["now", "mtok_per_day"], ascending=False)["cause"].iloc[0])
        told = [f"{(rules == '').sum() or 'None'} of {len(rules)} sites may serve it{f'; ruled out {closed}' if closed else ''}."]
        if (rules == "").any():
            told += [f"{_span(by.loc[by['cause'] == one, 'period'])}: {one}." for one in causes[:3]]
        return {
            "service": self.name, "metro": metro, "mtok_per_day": float(most["mtok_per_day"]), "period": str(most["period"]),
            "why": " ".join(told), "short": short,
        }  # fmt: skip

    def closed(self, rules: NDArray[np.object_], m: int) -> str:
        """Return which rules keep how many sites from a metro."""
        counts = Counter(str(rule) for rule in rules if rule)
        return "; ".join(f"at {n}: {self.says(rule, rules, m)}" for rule, n in counts.most_common())

    def says(self, rule: str, rules: NDArray[np.object_], m: int) -> str:
        """Return what a rule says, with the nearest site where it is distance."""
        if rule != "latency":
            return meaning(rule)
        rtt = np.where(rules == "latency", self.reach.rtt_ms[:, :, m].min(axis=0), np.inf)
        near = int(np.argmin(rtt))
        far = f", the least so {self.sides.scope.sites[near]} with {rtt[near]:.1f} ms" if np.isfinite(rtt[near]) else ", no route at all"
        return f"too far for {self.slo_ms[m]:g} ms{far}"

    def cause(self, metro: str, ways: pd.DataFrame, allowed: bool) -> str:
        """Return what keeps demand of a metro in a period unserved."""
        if not allowed:
            return "ruled out"
        if ways.empty:
            return "only one failure domain can serve it, N-1 needs two" if metro in self.alone else "no accelerator that can run it is there yet"
        if self.dual is None:
            return LOST
        columns = ways["column"].to_numpy(np.int64)
        matrix = self.program.matrix[:, columns]
        j = int(np.argmin(self.program.cost[columns] - matrix.T @ self.dual))
        rows, use = matrix.indices[matrix.indptr[j] : matrix.indptr[j + 1]], matrix.data[matrix.indptr[j] : matrix.indptr[j + 1]]
        priced = {int(i): float(-self.dual[i] * a) for i, a in zip(rows, use, strict=True) if self.program.row_keys[int(i)][0] in _SCARCE}
        dearest = max(priced, key=lambda i: priced[i], default=-1)
        if dearest < 0 or priced[dearest] <= _NIL:
            return "to serve it costs more than its price and penalty"
        family, *ids = self.program.row_keys[dearest]
        return _SCARCE[family].format(*ids)


def _span(periods: pd.Series) -> str:
    first, last = str(periods.iloc[0]), str(periods.iloc[-1])
    return first if first == last else f"{first} to {last}"
