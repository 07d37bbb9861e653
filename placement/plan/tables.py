"""From the solver's numbers to the plan tables of models/README.md, section 10."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from placement.plan.checking.tables import PLAN_TABLES
from placement.program import Floats, Sides
from placement.rules.milestones import chains
from placement.units import USD_PER_MUSD

_NIL = 1e-9  # amounts below are noise of the solver

COLUMNS: dict[str, tuple[str, ...]] = {name: tuple(table.columns) for name, table in PLAN_TABLES.items()}

_WITH_PAIRS = ("training", "inference", "openings", "cash")  # the rest says nothing of priced placements


class Tables:
    """Reads one solution; :meth:`all` gives every table."""

    def __init__(self, sides: Sides, variables: Sequence[Any], x: Floats) -> None:
        self.sides, self.case, self.scope = sides, sides.case, sides.scope
        self.x = x[len(variables) :]
        self.label = np.array(sides.case.periods)
        for v in sides.supply.model.component_data_objects(pyo.Var):
            v.set_value(0 if v.lb is None else v.lb, skip_validation=True)  # a variable that no row needs stands at its bound
        for v, value in zip(variables, x, strict=False):
            v.set_value(float(value), skip_validation=True)

    def all(self) -> dict[str, pd.DataFrame]:
        """Return every plan table by name."""
        if "pairs" in self.case:
            return {name: getattr(self, name)() if name in _WITH_PAIRS else _table(name, []) for name in COLUMNS}
        done = {name: getattr(self, name)() for name in ("training", "inference", "unserved", "sites", "halls", "grid", "contracts", "generators")}
        done |= {name: getattr(self, name)() for name in ("orders", "energy", "paid", "cash")} | {"openings": _table("openings", [])}
        done["chips"] = self.chips(done["training"])
        done["fibre"] = self.fibre()
        done["milestones"] = self.milestones(done["sites"], done["halls"])
        placed = set(done["training"]["job"])
        jobs = self.case["jobs"]
        done["unplaced"] = jobs.loc[~jobs["job"].isin(placed), ["job", "value_musd"]].reset_index(drop=True)
        return {name: done[name] for name in COLUMNS}

    # ---- demand -----------------------------------------------------------------------------------------------------
    def _chosen(self, kind: str, above: float) -> pd.DataFrame:
        """Return the frames of one kind of columns, only rows in use, with their values as ``x``."""
        parts = [f.assign(x=self.x[at : at + len(f)]) for k, at, f in self.sides.columns.blocks() if k == kind]
        found = [f[f["x"] > above] for f in parts]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame()

    def _pairs(self, above: float) -> pd.DataFrame:
        """Return the priced placements in use: codes of workload and site, use of capacity, share ``x``."""
        rows = self._chosen("pairs", above)
        return rows if len(rows) else pd.DataFrame(columns=["workload", "site", "use", "x"])

    def _placed_jobs(self) -> pd.DataFrame:
        n_jobs, rows = len(self.case["jobs"]), self._pairs(0.5)
        rows = rows[rows["workload"] < n_jobs]
        data = {
            "job": self.case["jobs"]["job"].to_numpy()[rows["workload"]], "site": self.scope.sites.to_numpy()[rows["site"]], "domain": "", "sku": "",
            "start": self.label[0], "end": self.label[-1], "units": rows["use"].to_numpy(), "value_musd": np.nan,
        }  # fmt: skip
        return pd.DataFrame(data)

    def _split_services(self) -> pd.DataFrame:
        n_jobs, rows = len(self.case["jobs"]), self._pairs(_NIL)
        rows = rows[rows["workload"] >= n_jobs]
        data = {
            "service": self.case["services"]["service"].to_numpy()[rows["workload"] - n_jobs], "metro": "", "period": self.label[0],
            "site": self.scope.sites.to_numpy()[rows["site"]], "sku": "", "share": rows["x"].to_numpy(),
            "units": (rows["use"] * rows["x"]).to_numpy(), "rtt_ms": np.nan,
        }  # fmt: skip
        return pd.DataFrame(data)

    def training(self) -> pd.DataFrame:
        if "pairs" in self.case:
            return self._placed_jobs()
        rows = self._chosen("training", 0.5)
        if not len(rows):
            return _table("training", [])
        jobs, f = self.case["jobs"], rows["domain"].to_numpy()
        data = {
            "job": jobs["job"].to_numpy()[rows["job"]], "site": self.scope.sites.to_numpy()[self.scope.domain_site[f]],
            "domain": self.scope.domains.to_numpy()[f], "sku": self.scope.skus.to_numpy()[rows["sku"]], "start": self.label[rows["start"]],
            "end": self.label[rows["end"]], "units": rows["units"], "value_musd": jobs["value_musd"].to_numpy()[rows["job"]],
        }  # fmt: skip
        return pd.DataFrame(data)

    def inference(self) -> pd.DataFrame:
        if "pairs" in self.case:
            return self._split_services()
        rows = self._chosen("inference", _NIL)
        if not len(rows):
            return _table("inference", [])
        data = {
            **self._served(rows), "site": self.scope.sites.to_numpy()[rows["site"]], "sku": self.scope.skus.to_numpy()[rows["sku"]],
            "share": rows["x"], "units": rows["units"] * rows["x"], "rtt_ms": rows["rtt_ms"],
        }  # fmt: skip
        return pd.DataFrame(data)

    def unserved(self) -> pd.DataFrame:
        rows = self._chosen("unserved", _NIL)
        if not len(rows):
            return _table("unserved", [])
        data = pd.DataFrame({**self._served(rows), "share": rows["x"]})
        asked = self.case["demand"].assign(period=self.label[self.case["demand"]["period"]])
        out = data.merge(asked[["service", "metro", "period", "mtok_per_day"]], on=["service", "metro", "period"])
        return out.assign(mtok_per_day=out["mtok_per_day"] * out["share"])

    def _served(self, rows: pd.DataFrame) -> dict[str, Any]:
        services, metros = self.case["services"]["service"].to_numpy(), self.case["metros"]["metro"].to_numpy()
        return {"service": services[rows["service"]], "metro": metros[rows["metro"]], "period": self.label[rows["period"]]}

    # ---- supply -----------------------------------------------------------------------------------------------------
    def _values(self, name: str) -> list[tuple[tuple[Any, ...], float]]:
        """Return (index, value) of a Pyomo variable, in order; empty where the block is absent."""
        var = self.sides.supply.model.component(name)
        if var is None:
            return []
        return [(i if isinstance(i, tuple) else (i,), float(pyo.value(v))) for i, v in var.items()]

    def _starts(self, name: str) -> dict[tuple[Any, ...], int]:
        """Return key -> first period in which a step is taken."""
        first: dict[tuple[Any, ...], int] = {}
        for i, value in self._values(name):
            if value > 0.5:
                first.setdefault(i[:-1], i[-1])
        return first

    def sites(self) -> pd.DataFrame:
        return _table("sites", [(s, self.label[t]) for (s,), t in self._starts("opened").items()])

    def openings(self) -> pd.DataFrame:
        return _table("openings", [(s, round(value)) for (s,), value in self._values("open")])

    def halls(self) -> pd.DataFrame:
        built = self._starts("built")
        rows = [
            (h.site, h.hall, self.label[0 if h.existing else built[h.site, h.hall]], h.it_mw, int(h.existing))
            for h in self.scope.halls.itertuples()
            if h.existing or (h.site, h.hall) in built
        ]
        return _table("halls", rows)

    def milestones(self, sites: pd.DataFrame, halls: pd.DataFrame) -> pd.DataFrame:
        number = {label: t for t, label in enumerate(self.case.periods)}
        ends = {(r.site, ""): number[r.opened] for r in sites.itertuples()}
        ends |= {(r.site, r.hall): number[r.in_service] for r in halls[halls["existing"] == 0].itertuples()}
        by_p = {p: chains(self.case, p) for p in (10, 50, 90)}
        shared, own = by_p[self.case.lead_percentile]
        rows = []
        for r in self.case["milestones"].itertuples():
            if (r.site, r.hall) in ends:
                chain = own[r.site, r.hall] if r.hall else shared[r.site]
                start = dict(zip(chain.tails, (t for t, _ in chain.payments(ends[r.site, r.hall])), strict=True))[r.milestone]
                finish = [(by_p[p][1][r.site, r.hall] if r.hall else by_p[p][0][r.site]).finish[r.milestone] for p in (10, 50, 90)]
                rows.append((r.site, r.hall, r.milestone, self.label[start], *finish))
        return _table("milestones", rows)

    def grid(self) -> pd.DataFrame:
        on = self._starts("tier_on")
        on |= {(r.site, r.tier): r.available for r in self.case["grid"].itertuples() if r.capex_musd == 0 and r.available < self.case.n_periods}
        return _table("grid", [(r.site, r.tier, self.label[on[r.site, r.tier]]) for r in self.case["grid"].itertuples() if (r.site, r.tier) in on])

    def contracts(self) -> pd.DataFrame:
        return _table("contracts", [(p, mw) for (p,), mw in self._values("contract_mw") if mw > _NIL])

    def generators(self) -> pd.DataFrame:
        return _table("generators", [(g, self.label[t], mw) for (g, t), mw in self._values("generator_cap") if mw > _NIL])

    def paid(self) -> pd.DataFrame:
        return _table("paid", [(p, self.label[t], mwh) for (p, t), mwh in self._values("paid_mwh") if mwh > _NIL])

    def orders(self) -> pd.DataFrame:
        units = {q: u for (q,), u in self._values("order") if u > _NIL}
        rows = [
            (q.offer, q.sku, self.label[q.period], self.label[q.period + q.lead_periods], units[q.offer], units[q.offer] * q.unit_price_usd / USD_PER_MUSD)
            for q in self.case["offers"].itertuples()
            if q.offer in units
        ]
        return _table("orders", rows)

    def chips(self, training: pd.DataFrame) -> pd.DataFrame:
        scope, n = self.scope, self.case.n_periods
        f_of, k_of = {d: i for i, d in enumerate(scope.domains)}, {k: i for i, k in enumerate(scope.skus)}
        shape = (len(scope.domains), len(scope.skus), n)
        deployed, serving, used = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for name, into in (("deployed", deployed), ("serving", serving)):
            for (f, k, t), value in self._values(name):
                into[f_of[f], k_of[k], t] = value
        serving *= self._lent_in_use(serving)
        number = {label: t for t, label in enumerate(self.case.periods)}
        for r in training.itertuples():
            used[f_of[r.domain], k_of[r.sku], number[r.start] : number[r.end] + 1] += r.units
        there = np.broadcast_to(scope.installed[:, :, None], shape)
        some = ((there + deployed + serving + used) > _NIL).any(axis=2)
        rows = [
            (
                scope.sites[scope.domain_site[f]],
                scope.domains[f],
                scope.skus[k],
                self.label[t],
                there[f, k, t],
                deployed[f, k, t],
                used[f, k, t],
                serving[f, k, t],
            )
            for f, k in np.argwhere(some)
            for t in range(n)
        ]
        return _table("chips", rows)

    def _lent_in_use(self, lent: Floats) -> Floats:
        """Return the share of units lent to inference that it uses at its peak, shape (F, K, T): lending more costs nothing, so solvers do."""
        use = np.zeros((len(self.scope.sites), *lent.shape[1:]))
        for kind, at, f in self.sides.columns.blocks():
            if kind == "inference":
                np.add.at(use, (f["site"], f["sku"], f["period"]), f["units"] * self.x[at : at + len(f)])
        total = np.zeros_like(use)
        np.add.at(total, self.scope.domain_site, lent)
        return np.where(total > use, use / np.maximum(total, _NIL), 1.0)[self.scope.domain_site]

    def energy(self) -> pd.DataFrame:
        names = [b.name for b in self.case.blocks]
        site = dict(zip(self.case["generators"]["generator"], self.case["generators"]["site"], strict=True))
        flows = [(s, t, b, "grid", mw) for (s, t, b), mw in self._values("grid_mw")]
        flows += [(s, t, b, f"ppa:{p}", mw) for (p, s, t, b), mw in self._values("ppa_mw")]
        flows += [(site[g], t, b, f"generator:{g}", mw) for (g, t, b), mw in self._values("generator_mw")]
        return _table("energy", [(s, self.label[t], names[b], source, mw) for s, t, b, source, mw in flows if mw > _NIL])

    def fibre(self) -> pd.DataFrame:
        use, keys = self.sides.columns.use, self.sides.demand.resources
        load: dict[tuple[int, int], float] = {}
        for code in self.sides.resources:
            key: tuple[Any, ...] = keys.decode(int(code))
            if key[0] == "fibre":
                load[key[1], key[2]] = float(np.dot(use.value[use.row == code], self.x[use.col[use.row == code]]))
        lit = {(e, t): value for (e, t), value in self._values("modules")}
        rows = []
        for e, r in enumerate(self.case["links"].itertuples()):
            for t in range(self.case.n_periods):
                modules = round(lit.get((r.link, t), 0.0))
                gbps = load.get((e, t), 0.0)
                if modules or gbps > _NIL:
                    rows.append((r.link, self.label[t], modules, r.gbps + (modules * r.module_gbps if modules else 0.0), gbps))
        return _table("fibre", rows)

    # ---- money ------------------------------------------------------------------------------------------------------
    def cash(self) -> pd.DataFrame:
        total: dict[tuple[str, int], float] = {}
        for (term, t), terms in self.sides.supply.cash.items():
            total[term, t] = sum(float(pyo.value(e)) for e in terms)
        paid = self.sides.columns.paid
        for term, musd in self.sides.columns.cost_musd.items():
            for t, amount in enumerate(np.bincount(paid, weights=musd * self.x, minlength=self.case.n_periods)):
                total[term, t] = total.get((term, t), 0.0) + float(amount)
        labels = [*self.case.periods, "end"]
        return _table("cash", [(labels[t], term, musd) for (term, t), musd in sorted(total.items(), key=lambda i: (i[0][1], i[0][0])) if musd])

    def costs(self) -> pd.DataFrame:
        """Return undiscounted M$ by term, layer and owner (the site or SKU that it is for, or blank)."""
        rows = [(*key, sum(float(pyo.value(e)) for e in terms)) for key, terms in self.sides.supply.by_owner.items()]
        return pd.DataFrame(rows, columns=["term", "layer", "owner", "musd"])


def _table(name: str, rows: Iterable[Sequence[Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(COLUMNS[name]))
