"""The slow judge: every integer decision is enumerated, the rest is a linear program written straight from ``models/README.md``.

Of ``placement`` it knows nothing but :class:`Case` and a few unit constants. Each integer decision (the date of a hall, of an opening,
of a tier; the history of a link's modules; a take-or-pay signature; the column of a job) is a list of options, each option a variable
of the linear program, of which exactly one is 1. :func:`enumerate_plans` walks the tree of all choices. It leaves a branch out only
where the linear relaxation of the branch proves that nothing better is in it; with ``prune=False`` it leaves out nothing at all.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csc_array

from placement.case.case import Case
from placement.units import DAYS_PER_MONTH, FIBRE_GROUP_INDEX, HOURS_PER_MONTH, LIGHT_SPEED_KM_PER_MS

Name = tuple[Any, ...]  # of a variable, e.g. ("deployed", "oslo", "h100", 2)
Expr = dict[Name, float]  # a linear expression
ONE: Name = ("one",)  # the constant term of an expression
TOLERANCE = 1e-9


def add(into: Expr, what: Expr, factor: float = 1.0) -> Expr:
    """Add ``factor * what`` to ``into`` and return it."""
    for name, value in what.items():
        into[name] = into.get(name, 0.0) + factor * value
    return into


class LinearProgram:
    """Minimise ``cost`` over named variables >= 0 under named rows."""

    def __init__(self) -> None:
        self.upper: dict[Name, float] = {}
        self.cost: Expr = {ONE: 0.0}
        self.rows: list[tuple[str, Expr, bool]] = []  # what it guarantees, expression <= 0 (or == 0), whether it is ==
        self.column: dict[Name, int] = {}
        self.solver: highspy.Highs | None = None

    def var(self, *name: Any, upper: float = math.inf) -> Expr:
        """Declare a variable and return it as an expression."""
        self.upper[name] = upper
        return {name: 1.0}

    def at_most(self, label: str, left: Expr, right: Expr) -> None:
        """Add the row ``left <= right``."""
        self.rows.append((label, add(dict(left), right, -1.0), False))

    def equal(self, label: str, left: Expr, right: Expr) -> None:
        """Add the row ``left == right``."""
        self.rows.append((label, add(dict(left), right, -1.0), True))

    def solve(self, fixed: dict[Name, float]) -> tuple[float, dict[Name, float]]:
        """Return the least cost and the values, with some variables fixed; inf and nothing if infeasible."""
        if self.solver is None:
            self.column = {n: j for j, n in enumerate(self.upper)}
            self.solver = self._loaded()
        upper = np.array(list(self.upper.values()))
        lower = np.zeros(len(upper))
        for name, value in fixed.items():
            lower[self.column[name]] = upper[self.column[name]] = value
        if not len(upper):
            kept = all(expr.get(ONE, 0.0) <= TOLERANCE and (not equal or expr.get(ONE, 0.0) >= -TOLERANCE) for _, expr, equal in self.rows)
            return (self.cost[ONE], {}) if kept else (math.inf, {})
        h = self.solver
        h.changeColsBounds(len(upper), np.arange(len(upper), dtype=np.int32), lower, upper)
        h.run()  # from the basis of the program before it
        status = h.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            x = np.array(h.getSolution().col_value)
            return float(h.getInfo().objective_function_value + self.cost[ONE]), dict(zip(self.column, x.tolist(), strict=True))
        if status == highspy.HighsModelStatus.kInfeasible:
            return math.inf, {}
        raise ArithmeticError(f"linear program: {status.name}")

    def _loaded(self) -> highspy.Highs:
        """Return the program in HiGHS; without presolve, which may stop at "infeasible or unbounded", which is no answer."""
        n, m = len(self.column), len(self.rows)
        entries = [(i, self.column[n], v) for i, (_, expr, _) in enumerate(self.rows) for n, v in expr.items() if n != ONE]
        at = ([i for i, _, _ in entries], [j for _, j, _ in entries])
        matrix = csc_array(coo_array(([v for _, _, v in entries], at), shape=(m, n)))
        right = np.array([-expr.get(ONE, 0.0) for _, expr, _ in self.rows])
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = n, m
        lp.col_cost_ = np.array([self.cost.get(name, 0.0) for name in self.column])
        lp.col_lower_, lp.col_upper_ = np.zeros(n), np.array(list(self.upper.values()))
        lp.row_lower_ = np.where([equal for _, _, equal in self.rows], right, -np.inf) if m else np.empty(0)
        lp.row_upper_ = right
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        h = highspy.Highs()
        h.silent()
        h.setOptionValue("presolve", "off")
        assert h.passModel(lp) == highspy.HighsStatus.kOk
        return h


def records(case: Case, table: str, **where: object) -> list[dict[str, Any]]:
    """Return the rows of a table whose cells equal ``where``; do not change them."""
    return [r for r in _rows(case.tables[table]) if all(r[c] == v for c, v in where.items())] if table in case else []


_READ: dict[int, tuple[pd.DataFrame, list[dict[str, Any]]]] = {}  # number of a table -> the table, so that the number stays its own, and its rows


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return all rows; a case is asked for those of one table up to a hundred times."""
    if id(table) not in _READ:
        if len(_READ) >= 100:
            _READ.clear()
        columns = [table[c].tolist() for c in table.columns]
        _READ[id(table)] = table, [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]
    return _READ[id(table)][1]


def export_rule(case: Case, export_class: str, country: str) -> dict[str, Any] | None:
    """Return the export row that holds for a class in a country."""
    rows = {r["country"]: r for r in records(case, "export", export_class=export_class)} if export_class else {}
    return rows.get(country, rows.get("*"))


def may_export(case: Case, export_class: str, country: str) -> bool:
    """Return whether chips of a class may be deployed in a country."""
    rule = export_rule(case, export_class, country)
    return rule is None or rule["rule"] != "deny"


def may_reside(case: Case, residency: str, origin: str, country: str) -> bool:
    """Return whether a workload of a residency class, of users in ``origin``, may run in a country."""
    if residency == "":
        return True
    own = records(case, "residency", **{"class": residency, "origin": origin})
    rows = {r["country"]: r["allow"] for r in own or records(case, "residency", **{"class": residency, "origin": ""})}
    if country in rows:
        return bool(rows[country])
    if "*" in rows:
        return bool(rows["*"])
    return not any(rows.values())


def shortest(case: Case, source: str) -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return km and links of the shortest fibre path from a node to every node (Bellman and Ford)."""
    reached: dict[str, tuple[float, tuple[str, ...]]] = {source: (0.0, ())}
    links = records(case, "links")
    for _ in range(2 * len(links) + 1):
        for e in links:
            for u, v in ((e["a"], e["b"]), (e["b"], e["a"])):
                if u in reached and reached[u][0] + e["km"] < reached.get(v, (math.inf,))[0]:
                    reached[v] = (reached[u][0] + e["km"], (*reached[u][1], e["link"]))
    return reached


class Milestones:
    """Dates and costs of the works of one site, in periods (README section 1)."""

    def __init__(self, case: Case, site: str) -> None:
        self.of: dict[str, dict[str, dict[str, Any]]] = {}  # hall ("" = shared) -> milestone -> row
        for r in records(case, "milestones", site=site):
            after = [a.strip() for a in r["after"].split(";") if a.strip()]
            lead = r[f"lead_p{case.lead_percentile}"]
            self.of.setdefault(r["hall"], {})[r["milestone"]] = {"lead": lead, "cost": r["cost_musd"], "after": after}

    def own(self, hall: str) -> dict[str, dict[str, Any]]:
        return self.of.get(hall, {})

    def finish(self, hall: str, n: str) -> float:
        """Periods from the start of the horizon to the end of a milestone."""
        where = hall if n in self.own(hall) else ""
        row = self.of[where][n]
        return row["lead"] + max((self.finish(where, p) for p in row["after"]), default=0.0)

    def tail(self, hall: str, n: str) -> float:
        """Longest path from the start of a milestone through milestones of the same hall (or through shared ones)."""
        followers = [m for m, row in self.own(hall).items() if n in row["after"]]
        return self.own(hall)[n]["lead"] + max((self.tail(hall, m) for m in followers), default=0.0)

    def ready(self, hall: str) -> int:
        """``L_s`` (hall "") or ``L_h``."""
        finish = max((self.finish(hall, n) for n in self.own(hall)), default=0.0)
        return max(math.ceil(finish - 1e-9), self.ready("") if hall else 0)

    def works(self, hall: str) -> int:
        """``D_h``."""
        return math.ceil(max((self.tail(hall, n) for n in self.own(hall)), default=0.0) - 1e-9)

    def after_opening(self, hall: str) -> int:
        """``A_h``."""
        direct = [n for n, row in self.own(hall).items() if any(p in self.own("") and p not in self.own(hall) for p in row["after"])]
        return math.ceil(max((self.tail(hall, n) for n in direct), default=0.0) - 1e-9)

    def payments(self, hall: str, date: int) -> list[tuple[int, float]]:
        """Period and amount of every milestone of a hall in service (or a site opened) at ``date``."""
        return [(max(0, math.floor(date - self.tail(hall, n) + 1e-9)), row["cost"]) for n, row in self.own(hall).items()]


class Model:
    """The whole of README sections 1-8 as a linear program plus lists of options."""

    def __init__(self, case: Case) -> None:
        self.case, self.lp = case, LinearProgram()
        self.choices: dict[Name, list[Name]] = {}
        self.periods = range(case.n_periods)
        self.years = case.period_months / 12
        self.discount = [(1.0 + case.discount_rate) ** (-t * self.years) for t in range(case.n_periods + 1)]
        self.hours = [b.share * case.period_months * HOURS_PER_MONTH for b in case.blocks]
        self.blocks = range(len(case.blocks))
        self.paid: list[Expr] = [{} for _ in self.periods]  # capex, undiscounted
        self.use: dict[Name, Expr] = {}
        self.available: dict[Name, Expr] = {}
        self.sites = {r["site"]: r for r in records(case, "sites")}
        self.skus = {r["sku"]: r for r in records(case, "skus")}
        self.halls = [r | {"domain": r["domain"] or r["site"]} for r in records(case, "halls")]
        self.site_of = {h["domain"]: h["site"] for h in self.halls}  # domain -> site
        self.installed = {(r["domain"], r["sku"]): r["units"] for r in records(case, "installed")}
        self.powered = "grid" in case or "generators" in case
        self.kw_mw = {k: row["kw_per_unit"] / 1000 for k, row in self.skus.items()}
        for step in (self._sites, self._chips, self._power, self._jobs, self._services, self._fibre, self._rows):
            step()

    # money and choices

    def pay(self, term: str, t: int, musd: float, what: Expr) -> None:
        """Charge ``musd`` for each unit of ``what`` in period ``t``."""
        add(self.lp.cost, what, self.case.weights.get(term, 1.0) * self.discount[t] * musd)
        if term == "capex":
            add(self.paid[t], what, musd)

    def salvage(self, enters: int, musd: float, life_years: float, what: Expr) -> None:
        """Credit the residual value of an asset that enters service in period ``enters``."""
        if not math.isnan(life_years):
            left = max(0.0, 1.0 - (self.case.n_periods - enters) * self.years / life_years)
            add(self.lp.cost, what, -self.case.weights.get("salvage", 1.0) * self.discount[-1] * musd * left)

    def choose(self, decision: Name, options: list[Any]) -> dict[Any, Expr]:
        """Declare a decision: exactly one of the options."""
        chosen = {o: self.lp.var(*decision, o, upper=1.0) for o in options}
        self.choices[decision] = [(*decision, o) for o in options]
        self.lp.equal("choice", dict.fromkeys(self.choices[decision], 1.0), {ONE: 1.0})
        return chosen

    @staticmethod
    def by(dates: dict[Any, Expr], t: int) -> Expr:
        """1 if the chosen date is at or before ``t``."""
        out: Expr = {}
        for date, option in dates.items():
            if date is not None and date <= t:
                add(out, option)
        return out

    # 1. sites and halls

    def _sites(self) -> None:
        self.built: dict[tuple[str, str, int], Expr] = {}
        for s, site in self.sites.items():
            halls, works = [h for h in self.halls if h["site"] == s], Milestones(self.case, s)
            opened = None if any(h["existing"] for h in halls) else self._opening(s, site, works)
            for h in halls:
                self._hall(h, works, opened)
            for a, b in itertools.combinations(halls, 2):
                for t in self.periods if a["domain"] == b["domain"] else []:
                    self.lp.at_most("hall_order", self.built[s, b["hall"], t], self.built[s, a["hall"], t])

    def _opening(self, s: str, site: dict[str, Any], works: Milestones) -> dict[Any, Expr]:
        dates = self.choose(("opened", s), [None, *range(works.ready(""), self.case.n_periods)])
        for t, option in dates.items():
            if t is not None:
                self.pay("capex", t, site["opening_cost_musd"], option)
                for when, musd in works.payments("", t):
                    self.pay("capex", when, musd, option)
        return dates

    def _hall(self, h: dict[str, Any], works: Milestones, opened: dict[Any, Expr] | None) -> None:
        s, name = h["site"], h["hall"]
        if h["existing"]:
            self.built |= {(s, name, t): {ONE: 1.0} for t in self.periods}
        else:
            dates = self.choose(("built", s, name), [None, *range(max(h["earliest"], works.ready(name)), self.case.n_periods)])
            self.built |= {(s, name, t): self.by(dates, t) for t in self.periods}
            for t, option in dates.items():
                if t is not None:
                    self._pay_hall(h, works, t, option)
            for t in self.periods if opened is not None else []:
                self.lp.at_most("hall_opened", self.built[s, name, t], self.by(opened or {}, t - works.after_opening(name)))
        for t in self.periods:
            self.pay("opex", t, h["opex_musd_per_year"] * self.years, self.built[s, name, t])

    def _pay_hall(self, h: dict[str, Any], works: Milestones, t: int, option: Expr) -> None:
        span = works.works(h["hall"])
        for when in range(t - span, t) if span else [t]:
            self.pay("capex", when, h["capex_musd"] / max(span, 1), option)
        for when, musd in works.payments(h["hall"], t):
            self.pay("capex", when, musd, option)
        self.salvage(t, h["capex_musd"], h["life_years"], option)

    def suits(self, f: str, k: str) -> bool:
        """A liquid-cooled SKU needs a domain with liquid halls."""
        return self.skus[k]["cooling"] == "air" or any(h["domain"] == f and h["cooling"] == "liquid" for h in self.halls)

    def exportable(self, k: str, s: str) -> bool:
        return may_export(self.case, self.skus[k]["export_class"], self.sites[s]["country"])

    # 3. chips

    def _chips(self) -> None:
        lp, horizon = self.lp, self.case.n_periods
        self.there: dict[tuple[str, str, int], Expr] = {}  # installed + deployed
        self.deployed: dict[tuple[str, str, int], Expr] = {}
        arrived: dict[tuple[str, int], Expr] = {}
        spend: dict[str, Expr] = {}
        for q in records(self.case, "offers"):
            arrives = q["period"] + q["lead_periods"]
            if arrives >= horizon:
                continue
            musd, sku = q["unit_price_usd"] / 1e6, self.skus[q["sku"]]
            order = lp.var("order", q["offer"], upper=q["max_units"])
            self.pay("capex", q["period"], musd, order)
            self.salvage(arrives, musd, sku["life_years"], order)
            add(spend.setdefault(sku["vendor"], {}), order, musd)
            for t in range(arrives, horizon):
                add(arrived.setdefault((q["sku"], t), {}), order)
            if q["kind"] == "take_or_pay":
                signed = self.choose(("signed", q["offer"]), [0, 1])[1]
                lp.at_most("take_or_pay_least", add({}, signed, q["take_share"] * q["max_units"]), order)
                lp.at_most("take_or_pay_most", order, add({}, signed, q["max_units"]))
        for f, k in itertools.product(self.site_of, self.skus):
            allowed = self.exportable(k, self.site_of[f]) and self.suits(f, k)
            for t in self.periods:
                new = lp.var("deployed", f, k, t) if allowed and (k, t) in arrived else {}
                self.deployed[f, k, t] = new
                self.there[f, k, t] = add({ONE: self.installed.get((f, k), 0.0)}, new)
                if t > 0:
                    lp.at_most("deployed_stays", self.deployed[f, k, t - 1], new)
        for (k, t), stock in arrived.items():
            used: Expr = {}
            for f in self.site_of:
                add(used, self.deployed[f, k, t])
            lp.at_most("chip_stock", used, stock)
        for cap in records(self.case, "vendor_caps"):
            everything: Expr = {}
            for part in spend.values():
                add(everything, part, cap["max_spend_share"])
            lp.at_most("vendor_cap", spend.get(cap["vendor"], {}), everything)
        self._export_caps()
        self._hall_power()

    def _export_caps(self) -> None:
        for cap in records(self.case, "export", rule="cap"):
            units: Expr = {}
            for f, k in itertools.product(self.site_of, self.skus):
                if self.skus[k]["export_class"] == cap["export_class"]:
                    rule = export_rule(self.case, cap["export_class"], self.sites[self.site_of[f]]["country"])
                    if rule is not None and rule["country"] == cap["country"]:
                        add(units, self.there[f, k, self.case.n_periods - 1])
            self.lp.at_most("export_cap", units, {ONE: cap["cap_units"]})

    def _hall_power(self) -> None:
        for f, t in itertools.product(self.site_of, self.periods):
            for kind in ("any", "liquid"):
                room: Expr = {}
                draw: Expr = {}
                for h in self.halls:
                    if h["domain"] == f and kind in ("any", h["cooling"]):
                        add(room, self.built[h["site"], h["hall"], t], h["it_mw"])
                for k, sku in self.skus.items():
                    if kind in ("any", sku["cooling"]):
                        add(draw, self.there[f, k, t], self.kw_mw[k])
                self.lp.at_most("hall_it_mw" if kind == "any" else "hall_liquid_mw", draw, room)

    # 2. power

    def _power(self) -> None:
        if not self.powered:
            return
        self.co2_usd_per_kg = self.case.carbon_price_usd_per_t / 1000
        self.factor = {(r["profile"], r["block"]): r["factor"] for r in records(self.case, "profiles")}
        source: dict[tuple[str, int, int], Expr] = {}
        firm: dict[tuple[str, float, int], Expr] = {}
        for s, t, b in itertools.product(self.sites, self.periods, self.blocks):
            source[s, t, b] = {}
        levels = sorted({j["min_firmness"] for j in records(self.case, "jobs")} - {0.0})
        for s, phi, t in itertools.product(self.sites, levels, self.periods):
            firm[s, phi, t] = {}
        if "grid" in self.case:
            self._grid(source, firm)
        self._generators(source, firm)
        for (s, t, b), sources in source.items():
            if not math.isnan(self.sites[s]["community_mw"]):
                self.lp.at_most("community_cap", sources, {ONE: self.sites[s]["community_mw"]})
            self.available["power", s, t, b] = sources
            idle = self.use.setdefault(("power", s, t, b), {})
            for f, k in itertools.product(self.site_of, self.skus):
                if self.site_of[f] == s:
                    add(idle, self.there[f, k, t], self.sites[s]["pue"] * self.skus[k]["idle_share"] * self.kw_mw[k])
        self.available |= {("firm", s, phi, t): sources for (s, phi, t), sources in firm.items()}

    def _energy(self, term: str, t: int, b: int, usd_per_mwh: float, kg_per_mwh: float, mw: Expr) -> None:
        self.pay(term, t, self.hours[b] * usd_per_mwh / 1e6, mw)
        self.pay("carbon", t, self.hours[b] * kg_per_mwh * self.co2_usd_per_kg / 1e6, mw)

    def _grid(self, source: dict[tuple[str, int, int], Expr], firm: dict[tuple[str, float, int], Expr]) -> None:
        tariffs = {(r["zone"], r["period"], r["block"]): r for r in records(self.case, "tariffs")}
        limit: dict[tuple[str, int, int], Expr] = {key: {} for key in source}
        import_mw: dict[tuple[str, int, int], Expr] = {}
        for r in records(self.case, "grid"):
            dates: dict[Any, Expr] = {r["available"]: {ONE: 1.0}}
            if r["capex_musd"] > 0:
                dates = self.choose(("tier", r["site"], r["tier"]), [None, *range(r["available"], self.case.n_periods)])
                for t, option in dates.items():
                    if t is not None:
                        self.pay("capex", t, r["capex_musd"], option)
                        self.salvage(t, r["capex_musd"], r["life_years"], option)
            for t, b in itertools.product(self.periods, self.blocks):
                if not (r["interruptible"] and self.case.blocks[b].stress):
                    add(limit[r["site"], t, b], self.by(dates, t), r["mw"])
            for (s, phi, t), firm_mw in firm.items():
                if s == r["site"] and r["firmness"] >= phi and not r["interruptible"]:
                    add(firm_mw, self.by(dates, t), r["mw"])
        for s, t, b in source:
            tariff = tariffs[self.sites[s]["zone"], t, self.case.blocks[b].name]
            mw = self.lp.var("grid_mw", s, t, b)
            import_mw[s, t, b] = dict(mw)
            self._energy("energy", t, b, tariff["energy_usd_per_mwh"], tariff["co2_kg_per_mwh"], mw)
        self._ppas(import_mw)
        for key, mw in import_mw.items():
            self.lp.at_most("grid_limit", mw, limit[key])
            add(source[key], mw)

    def profile(self, profile: str, b: int) -> float:
        return self.factor[profile, self.case.blocks[b].name] if profile else 1.0

    def _ppas(self, import_mw: dict[tuple[str, int, int], Expr]) -> None:
        for p in records(self.case, "ppas"):
            size = self.lp.var("contract_mw", p["ppa"], upper=p["max_mw"])
            for t in self.periods:
                if not p["start"] <= t < p["start"] + p["tenor_periods"]:
                    continue
                paid = self.lp.var("paid_mwh", p["ppa"], t)
                self.pay("contracts", t, p["price_usd_per_mwh"] / 1e6, paid)
                taken: Expr = {}
                promised = sum(self.hours[b] * self.profile(p["profile"], b) for b in self.blocks)
                for b in self.blocks:
                    flows: Expr = {}
                    for s, site in self.sites.items():
                        if site["zone"] == p["zone"]:
                            mw = self.lp.var("ppa_mw", p["ppa"], s, t, b)
                            add(flows, mw)
                            add(import_mw[s, t, b], mw)
                            self._energy("contracts", t, b, 0.0, p["co2_kg_per_mwh"], mw)
                    add(taken, flows, self.hours[b])
                    self.lp.at_most("ppa_output", flows, add({}, size, self.profile(p["profile"], b)))
                self.lp.at_most("ppa_paid", taken, paid)
                self.lp.at_most("ppa_take", add({}, size, p["take_share"] * promised), paid)

    def _generators(self, source: dict[tuple[str, int, int], Expr], firm: dict[tuple[str, float, int], Expr]) -> None:
        stress = next(i for i, block in enumerate(self.case.blocks) if block.stress)
        for g in records(self.case, "generators"):
            before: Expr = {}
            for t in range(g["available"], self.case.n_periods):
                cap = self.lp.var("generator_cap", g["generator"], t, upper=g["max_mw"])
                self.lp.at_most("generator_grows", before, cap)
                added = add(dict(cap), before, -1.0)
                self.pay("capex", t, g["capex_musd_per_mw"], added)
                self.salvage(t, g["capex_musd_per_mw"], g["life_years"], added)
                for b in self.blocks:
                    mw = self.lp.var("generator_mw", g["generator"], t, b)
                    self.lp.at_most("generator_out", mw, add({}, cap, self.profile(g["profile"], b)))
                    self._energy("energy", t, b, g["energy_usd_per_mwh"], g["co2_kg_per_mwh"], mw)
                    add(source[g["site"], t, b], mw)
                for (s, phi, when), firm_mw in firm.items():
                    if s == g["site"] and when == t and g["firmness"] >= phi:
                        add(firm_mw, cap, self.profile(g["profile"], stress))
                before = cap

    # 5. training

    def _jobs(self) -> None:
        for j in records(self.case, "jobs"):
            options: list[Any] = [] if j["mandatory"] else [None]
            for row, f in itertools.product(records(self.case, "job_skus", job=j["job"]), self.site_of):
                last = min(j["latest"], self.case.n_periods - 1)
                if self._may_train(j, f, row["sku"]):
                    starts = range(j["earliest"], last - row["duration_periods"] + 2)
                    options += [(f, row["sku"], start, row["duration_periods"], row["units"]) for start in starts]
            for option, chosen in self.choose(("job", j["job"]), options).items():
                if option is not None:
                    self._train(j, option, chosen)

    def goodput(self, j: dict[str, Any], s: str) -> float:
        return 1.0 - self.sites[s]["outages_per_year"] * j["loss_hours_per_outage"] / 8766.0

    def _may_train(self, j: dict[str, Any], f: str, k: str) -> bool:
        s, sku = self.site_of[f], self.skus[k]
        resides = may_reside(self.case, j["residency"], "", self.sites[s]["country"])
        fits = sku["hbm_gb"] >= j["min_hbm_gb"] and self.suits(f, k)
        return resides and fits and self.exportable(k, s) and self.goodput(j, s) > 0.5

    def _train(self, j: dict[str, Any], option: tuple[Any, ...], chosen: Expr) -> None:
        f, k, start, duration, units = option
        s, sku = self.site_of[f], self.skus[k]
        gang = math.ceil(units / self.goodput(j, s) - 1e-9)
        site_mw = self.sites[s]["pue"] * self.kw_mw[k] * gang
        for t in range(start, start + duration):
            self.need(("compute", f, k, t), gang, chosen)
            for b in self.blocks:
                self.need(("power", s, t, b), (1.0 - sku["idle_share"]) * site_mw, chosen)
            for phi in {row["min_firmness"] for row in records(self.case, "jobs")} - {0.0}:
                if j["min_firmness"] >= phi:
                    self.need(("firm", s, phi, t), site_mw, chosen)
        self.pay("value", start + duration - 1, -j["value_musd"], chosen)

    def need(self, resource: Name, amount: float, what: Expr) -> None:
        add(self.use.setdefault(resource, {}), what, amount)

    # 6. inference

    def _services(self) -> None:
        days = self.case.period_months * DAYS_PER_MONTH
        metros = {r["metro"]: r for r in records(self.case, "metros")}
        paths = {node: shortest(self.case, node) for node in self.sites}
        for i in records(self.case, "services"):
            for d in records(self.case, "demand", service=i["service"]):
                if d["mtok_per_day"] <= 0:
                    continue
                m, t, mtok = metros[d["metro"]], d["period"], d["mtok_per_day"] * days
                served: Expr = {}
                if not math.isnan(i["unmet_usd_per_mtok"]):
                    unserved = self.lp.var("unserved", i["service"], d["metro"], t)
                    self.pay("unmet", t, i["unmet_usd_per_mtok"] * mtok / 1e6, unserved)
                    add(served, unserved)
                for row, s in itertools.product(records(self.case, "service_skus", service=i["service"]), self.sites):
                    if self._may_serve(i, m, s, row["sku"], paths[s]):
                        share = self.lp.var("share", i["service"], d["metro"], t, s, row["sku"])
                        units = d["mtok_per_day"] * 1e6 / 86400.0 * i["peak_to_mean"] / row["tok_per_s"]
                        self.pay("value", t, -i["price_usd_per_mtok"] * mtok / 1e6, share)
                        self._serve(i, s, row["sku"], t, units, share, paths)
                        add(served, share)
                self.lp.equal("serve", served, {ONE: 1.0})

    def _may_serve(self, i: dict[str, Any], m: dict[str, Any], s: str, k: str, path: dict[str, tuple[float, tuple[str, ...]]]) -> bool:
        sku, country = self.skus[k], self.sites[s]["country"]
        if m["metro"] not in path:
            return False
        rtt_ms = 2.0 * path[m["metro"]][0] * FIBRE_GROUP_INDEX / LIGHT_SPEED_KM_PER_MS + self.case.rtt_overhead_ms
        resides = may_reside(self.case, i["residency"], m["country"], country)
        fits = i["hbm_gb"] <= sku["hbm_gb"] * sku["node_units"]
        return rtt_ms <= i["slo_rtt_ms"] and resides and fits and self.exportable(k, s)

    def _serve(self, i: dict[str, Any], s: str, k: str, t: int, units: float, share: Expr, paths: dict[str, Any]) -> None:
        sku, sigma = self.skus[k], next(b.share for b in self.case.blocks if b.stress)
        self.need(("serve", s, k, t), units, share)
        for b, block in enumerate(self.case.blocks):
            load = 1.0 if block.stress else max(0.0, (1.0 / i["peak_to_mean"] - sigma) / (1.0 - sigma))
            self.need(("power", s, t, b), self.sites[s]["pue"] * (1.0 - sku["idle_share"]) * self.kw_mw[k] * units * load, share)
        if i["origin"] not in ("", s):
            gbps = units / math.ceil(i["hbm_gb"] / sku["hbm_gb"]) * i["weights_gb"] * 8 / (i["refresh_hours"] * 3600)
            for link in paths[i["origin"]][s][1]:
                self.need(("fibre", link, t), gbps, share)

    # 4. fibre

    def _fibre(self) -> None:
        for e in records(self.case, "links"):
            used = any(("fibre", e["link"], t) in self.use for t in self.periods)
            if math.isnan(e["gbps"]) or not used:
                for t in self.periods:
                    self.use.pop(("fibre", e["link"], t), None)
                continue
            most = 0 if math.isnan(e["module_gbps"]) else e["max_modules"]
            counts = itertools.product(*(range(most + 1 if t >= e["lead_periods"] else 1) for t in self.periods))
            histories = [n for n in counts if list(n) == sorted(n)]
            for t in self.periods:
                self.available["fibre", e["link"], t] = {ONE: e["gbps"]}
            for history, option in (self.choose(("modules", e["link"]), histories) if most else {}).items():
                for t, before, now in zip(self.periods, (0, *history), history, strict=False):
                    self.pay("capex", t, (now - before) * e["module_capex_musd"], option)
                    self.salvage(t, (now - before) * e["module_capex_musd"], e["life_years"], option)
                    add(self.available["fibre", e["link"], t], option, now * e["module_gbps"])

    # resource rows and the budget

    def _rows(self) -> None:
        for f, k, t in itertools.product(self.site_of, self.skus, self.periods):
            serving = self.lp.var("serving", f, k, t)
            self.available["compute", f, k, t] = add(dict(self.there[f, k, t]), serving, -1.0)
            add(self.available.setdefault(("serve", self.site_of[f], k, t), {}), serving)
        for key in self.use:
            if self.powered or key[0] not in ("power", "firm"):
                self.available.setdefault(key, {})
        for key, available in self.available.items():
            self.lp.at_most(key[0], self.use.get(key, {}), available)
            if key[0] == "power" and (self.case["tariffs"]["energy_usd_per_mwh"] < 0).any():
                self.lp.at_most("power_waste", available, self.use.get(key, {}))  # nothing is drawn only to be paid for it
        for row in records(self.case, "budget"):
            self.lp.at_most("budget", self.paid[row["period"]], {ONE: row["capex_musd"]})


@dataclass(frozen=True)
class Enumeration:
    """What the enumeration found, and how much work it was."""

    objective: float  # M$; inf if no plan exists
    combinations: int  # integer assignments in all, pruned ones included
    programs: int  # linear programs solved
    values: dict[Name, float]  # of all variables; empty if no plan exists


def enumerate_plans(case: Case, prune: bool = True) -> Enumeration:
    """Return the best objective over all integer assignments."""
    model = Model(case)
    lp, choices = model.lp, model.choices
    combinations = math.prod(len(options) for options in choices.values())
    best: tuple[float, dict[Name, float]] = (math.inf, {})
    programs, stack = 0, [dict[Name, Name]()]  # each entry: decision -> its option, for the decisions made so far
    while stack:
        made = stack.pop()
        undecided = [d for d in choices if d not in made]
        relaxed = {}
        if prune or not undecided:
            programs += 1
            solved = lp.solve({o: float(o == made[d]) for d in made for o in choices[d]})
            if solved[0] >= best[0] - TOLERANCE * max(1.0, abs(solved[0])) or math.isinf(solved[0]):
                continue
            relaxed = solved[1]
            if not undecided:
                best = solved
                continue
            if all(max(relaxed[o] for o in choices[d]) > 1 - TOLERANCE for d in undecided):
                # The relaxation of the branch is itself a complete assignment: nothing in the branch is cheaper.
                whole = made | {d: max(choices[d], key=lambda o: relaxed[o]) for d in undecided}
                stack.append(whole)
                continue
        decision = min(undecided, key=lambda d: max(relaxed.get(o, 0.0) for o in choices[d]))
        stack += [made | {decision: o} for o in sorted(choices[decision], key=lambda o: relaxed.get(o, 0.0))]
    return Enumeration(best[0], combinations, programs, best[1])


def best_by_enumeration(case: Case) -> float:
    """Return the least weighted, discounted cost of a case, M$; inf if it has no plan."""
    return enumerate_plans(case).objective
