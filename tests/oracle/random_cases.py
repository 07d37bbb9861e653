"""Tiny random valid cases that switch every feature of ``models/README.md`` on and off, and a writer that turns any case into a folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd

from placement.case.case import Block, Case, frame
from placement.case.schema import TABLES
from placement.units import period_label, period_number

WEIGHTED = ("capex", "opex", "energy", "contracts", "carbon", "unmet", "value")
COUNTRIES = ("NO", "IE", "US", "SG")
NUMBERS = ("discount_rate", "carbon_price_usd_per_t", "rtt_overhead_ms", "lead_percentile", "period_months", "open_sites")  # of case.toml
MOST_COMBINATIONS = 50_000  # integer assignments; the pruned enumeration visits a small part of them

Row = dict[str, Any]


class Draw:
    """One draw: the numbers of ``case.toml`` and, table by table, the rows."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.rows: dict[str, list[Row]] = {}
        self.n = rng.choice((2, 3, 3, 4))
        self.months = rng.choice((3, 3, 3, 6, 12, 1))
        stress = Block("stress", rng.choice((0.05, 0.1, 0.25)), True)
        calm = Block("calm", round(1 - stress.share, 2), False)
        self.blocks = rng.choice(((Block("all", 1.0, True),), (stress, calm), (calm, stress)))
        self.has_power = self.maybe(0.75)
        self.has_grid = self.has_power and self.maybe(0.9)
        self.has_jobs = self.maybe(0.85)
        self.has_services = not self.has_jobs or self.maybe(0.6)
        self.has_residency = self.maybe(0.4)

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def pick(self, options: Sequence[Any], most: int | None = None) -> list[Any]:
        """Return a random non-empty selection, in the order of the options."""
        size = self.rng.randint(1, min(len(options), most or len(options)))
        chosen = set(self.rng.sample(range(len(options)), size))
        return [o for i, o in enumerate(options) if i in chosen]

    def number(self, low: float, high: float, digits: int = 1) -> float:
        return round(self.rng.uniform(low, high), digits)

    def add(self, table: str, **row: Any) -> Row:
        self.rows.setdefault(table, []).append(row)
        return row

    def get(self, table: str) -> list[Row]:
        return self.rows.get(table, [])

    def period(self, chance_later: float = 0.3) -> int:
        """Mostly the first period, sometimes a later one, once in a while one behind the horizon."""
        return self.rng.choice((*range(1, self.n), *range(1, self.n), self.n)) if self.maybe(chance_later) else 0

    # sites, halls, milestones

    def place(self) -> Row:
        return {"lat_deg": self.number(48, 60), "lon_deg": self.number(0, 25)}

    def sites(self) -> None:
        new_halls = 3
        for s in [f"s{i}" for i in range(self.rng.choice((1, 2, 2, 3)))]:
            self.add(
                "sites",
                site=s,
                country=self.rng.choice(COUNTRIES),
                **self.place(),
                zone=self.rng.choice(("za", "zb")) if self.has_grid else "",
                pue=self.number(1.05, 1.5, 2),
            )
            n_halls, n_existing = self.rng.choice((1, 1, 2, 3)), self.rng.choice((0, 0, 0, 1, 1, 2))
            n_halls = max(1, min(n_halls, n_existing + new_halls))
            new_halls -= max(0, n_halls - n_existing)
            split, cooling = self.maybe(0.35) and n_halls > 1, self.rng.choice(("air", "liquid", ""))
            for i in range(n_halls):
                existing = i < n_existing
                self.add(
                    "halls",
                    site=s,
                    hall=f"h{i}",
                    domain=f"{s}-{'ab'[i % 2]}" if split else "",
                    existing=existing,
                    it_mw=self.number(0.3, 1.5),
                    cooling=cooling or self.rng.choice(("air", "liquid")),
                    opex_musd_per_year=self.rng.choice((0, 0.2, 0.5)),
                    capex_musd=0 if existing else self.number(0.5, 6),
                    earliest=0 if existing else self.rng.choice((0, 0, 1)),
                    life_years=math.nan if existing else self.rng.choice((math.nan, math.nan, 0.5, 4, 10)),
                )
            if n_existing == 0:
                self.rows["sites"][-1]["opening_cost_musd"] = self.rng.choice((0, 0, 1.5, 3))
            if self.maybe(0.7):
                self.milestones(s, shared=n_existing == 0)

    def milestones(self, site: str, shared: bool) -> None:
        common = ["land", "permit"][: self.rng.randint(0, 2)] if shared else []
        for n in common:
            self.milestone(site, "", n, self.pick(["land"]) if n == "permit" and self.maybe(0.7) else [])
        for h in [h for h in self.get("halls") if h["site"] == site and not h["existing"] and self.maybe(0.6)]:
            names = self.pick(["shell", "grid", "energise"])
            for i, n in enumerate(names):
                before = names[:i] + common
                self.milestone(site, h["hall"], n, self.pick(before) if before and self.maybe(0.8) else [])

    def milestone(self, site: str, hall: str, name: str, after: list[str]) -> None:
        p10 = self.rng.choice((0, 0.3, 0.5))
        p50 = p10 + self.rng.choice((0, 0.5, 0.7))
        self.add(
            "milestones",
            site=site,
            hall=hall,
            milestone=name,
            after=";".join(after),
            lead_p10=p10,
            lead_p50=p50,
            lead_p90=p50 + self.rng.choice((0, 0.6, 1)),
            cost_musd=self.rng.choice((0, 0.4, 1.5)),
        )

    # power

    def power(self) -> None:
        if not self.has_power:
            return
        tiers_to_buy = 2
        for site in self.get("sites") if self.has_grid else []:
            used = any(h["site"] == site["site"] and h["existing"] for h in self.get("halls")) and self.maybe(0.9)
            for i in range(self.rng.choice((1, 1, 2)) if used or self.maybe(0.9) else 0):
                there = used and i == 0  # a site in use mostly has power from the start
                capex = self.rng.choice((0.5, 2.0)) if self.maybe(0.55) and tiers_to_buy and not there else 0
                tiers_to_buy -= capex > 0
                self.add(
                    "grid",
                    site=site["site"],
                    tier=f"r{i}",
                    mw=self.number(0.3, 3),
                    firmness=self.rng.choice((1, 1, 0.99, 0.9)),
                    available=0 if there else self.period(0.2),
                    capex_musd=capex,
                    interruptible=self.maybe(0.3) and not there,
                    life_years=self.rng.choice((math.nan, 1, 20)) if capex else math.nan,
                )
        self.has_grid = "grid" in self.rows
        if self.maybe(0.45) or not self.has_grid:
            self.generators()
        for site in self.get("sites"):
            if self.maybe(0.3):
                site["community_mw"] = self.number(0.2, 1.5)
            site["zone"] = site["zone"] if self.has_grid else ""
        if self.has_grid:
            self.energy_market()

    def profile(self) -> str:
        if self.maybe(0.5):
            return ""
        name = self.rng.choice(("sun", "wind"))
        for b in self.blocks if name not in {r["profile"] for r in self.get("profiles")} else []:
            self.add("profiles", profile=name, block=b.name, factor=self.rng.choice((0.2, 0.5)) if b.stress else self.number(0.3, 1))
        return name

    def generators(self) -> None:
        for i in range(self.rng.choice((1, 1, 2))):
            self.add(
                "generators",
                generator=f"g{i}",
                site=self.rng.choice(self.get("sites"))["site"],
                tech="gas",
                max_mw=self.number(0.2, 2),
                firmness=self.rng.choice((1, 0.95, 0.5)),
                available=self.period(),
                capex_musd_per_mw=self.rng.choice((0, 0.2, 0.8)),
                energy_usd_per_mwh=self.number(10, 120, 0),
                co2_kg_per_mwh=self.rng.choice((0, 400)),
                profile=self.profile(),
                life_years=self.rng.choice((math.nan, 1, 15)),
            )

    def energy_market(self) -> None:
        zones = sorted({s["zone"] for s in self.get("sites")})
        for zone in zones:
            cheap = self.maybe(0.05)  # negative prices
            for t in range(self.n):
                for b in self.blocks:
                    self.add(
                        "tariffs",
                        zone=zone,
                        period=t,
                        block=b.name,
                        co2_kg_per_mwh=self.rng.choice((0, 50, 500)),
                        energy_usd_per_mwh=-10 if cheap else self.number(30, 90, 0) * (3 if b.stress else 1),
                    )
        connected = sorted({s["zone"] for s in self.get("sites") for r in self.get("grid") if r["site"] == s["site"]})
        for i in range(self.rng.choice((1, 1, 2)) if self.maybe(0.45) else 0):
            self.add(
                "ppas",
                ppa=f"p{i}",
                zone=self.rng.choice(connected),
                tech="wind",
                max_mw=self.number(0.1, 2),
                price_usd_per_mwh=self.number(15, 60, 0),
                profile=self.profile(),
                start=self.rng.choice((0, 0, 1)),
                tenor_periods=self.rng.randint(1, 5),
                take_share=self.rng.choice((0, 0.8, 1)),
                co2_kg_per_mwh=self.rng.choice((0, 10)),
            )

    # chips

    def domains(self) -> dict[str, list[Row]]:
        """Halls of every domain."""
        out: dict[str, list[Row]] = {}
        for h in self.get("halls"):
            out.setdefault(h["domain"] or h["site"], []).append(h)
        return out

    def chips(self) -> None:
        has_liquid = any(h["cooling"] == "liquid" for h in self.get("halls"))
        for i in range(self.rng.choice((1, 2, 2, 3))):
            self.add(
                "skus",
                sku=f"k{i}",
                vendor=self.rng.choice("vw"),
                kw_per_unit=self.number(0.6, 1.6),
                idle_share=self.rng.choice((0, 0.1, 0.3)),
                hbm_gb=self.rng.choice((80, 141, 192)),
                node_units=self.rng.choice((1, 4, 8)),
                life_years=self.rng.choice((math.nan, 3, 5)),
                cooling="liquid" if has_liquid and self.maybe(0.45) else "air",
            )
        if self.maybe(0.92):
            self.offers()
        for domain, halls in self.domains().items():
            self.install(domain, [h for h in halls if h["existing"]])

    def offers(self) -> None:
        take_or_pay = 2
        for k in [r["sku"] for r in self.get("skus")]:
            for i in range(self.rng.choice((1, 2, 2))):
                firm = take_or_pay > 0 and self.maybe(0.2)
                take_or_pay -= firm
                self.add(
                    "offers",
                    offer=f"q{k}{i}",
                    sku=k,
                    kind="take_or_pay" if firm else "buy",
                    period=self.rng.choice((0, 0, self.n // 2)),
                    max_units=self.rng.choice((150, 300, 600, 1200)),
                    unit_price_usd=self.rng.choice((8000, 15000, 20000, 30000)),
                    take_share=self.rng.choice((0.3, 0.6, 0.9)) if firm else 0.0,
                    lead_periods=self.rng.choice((0, 0, 1, 2)),
                )
        vendors = {r["vendor"] for r in self.get("skus")}
        if self.maybe(0.5) and len(vendors) > 1:
            for v in self.pick(sorted(vendors)):
                self.add("vendor_caps", vendor=v, max_spend_share=self.rng.choice((0.4, 0.6, 0.8)))

    def install(self, domain: str, halls: list[Row]) -> None:
        sku = self.rng.choice(self.get("skus"))
        room = sum(h["it_mw"] for h in halls if sku["cooling"] in ("air", h["cooling"]))
        if room > 0 and self.maybe(0.55):
            units = math.floor(room * self.rng.choice((0.3, 0.6)) * 1000 / sku["kw_per_unit"] / 10) * 10
            self.add("installed", domain=domain, sku=sku["sku"], units=units)

    # rules

    def rules(self) -> None:
        countries = sorted({s["country"] for s in self.get("sites")})
        if self.maybe(0.4):
            restricted = self.pick(self.get("skus"))
            for k in restricted:
                k["export_class"] = "dual"
            for country in self.pick([*countries, "*"]):
                rule = self.rng.choice(("allow", "deny", "deny", "cap", "cap"))
                cap = self.export_installed(country) + self.rng.choice((0, 100, 250)) if rule == "cap" else math.nan
                self.add("export", export_class="dual", country=country, rule=rule, rule_id=f"ex-{country}", cap_units=cap)

        at = {s["site"]: s["country"] for s in self.get("sites")}
        rows, sku = {r["country"]: r for r in self.get("export")}, {k["sku"]: k for k in self.get("skus")}
        for r in self.get("installed"):  # chips that run already cannot be forbidden
            country = at[r["domain"].split("-")[0]]
            row = rows.get(country, rows.get("*"))
            if row and sku[r["sku"]].get("export_class") and row["rule"] == "deny":
                row["rule"] = "allow"

    def export_installed(self, country: str) -> float:
        """Installed units that an export row could cover at most, so that a cap is never broken from the start."""
        at = {s["site"]: s["country"] for s in self.get("sites")}
        return sum(r["units"] for r in self.get("installed") if country in ("*", at[r["domain"].split("-")[0]]))

    def residency_class(self, user: str, origins: list[str]) -> str:
        """Make a class for one workload (or share the class made before) and return its name."""
        if not self.has_residency or self.maybe(0.5):
            return ""
        name = f"c-{user}"
        countries = sorted({s["country"] for s in self.get("sites")})
        for origin in ["", *origins]:
            if origin == "" and origins and self.maybe(0.2):
                continue
            for country in self.pick([*countries, self.rng.choice(("*", "FR"))]) if origin == "" or self.maybe(0.8) else []:
                rule = f"re-{user}-{origin}-{country}"
                self.add("residency", **{"class": name}, origin=origin, country=country, allow=self.maybe(0.6), rule_id=rule)
        return name if any(r["class"] == name for r in self.get("residency")) else ""

    # workloads

    def jobs(self) -> None:
        outages = self.maybe(0.4)
        for site in self.get("sites") if outages else []:
            site["outages_per_year"] = self.rng.choice((5, 20, 60))
        skus = [r["sku"] for r in self.get("skus")]
        for j in [f"j{i}" for i in range(self.rng.choice((1, 2, 3, 3, 4)))]:
            must, earliest = self.maybe(0.06), self.rng.choice((0, 0, 0, 1))
            latest = max(earliest, self.rng.choice((self.n - 1, self.n - 1, self.n - 2, self.n)))
            self.add(
                "jobs",
                job=j,
                value_musd=self.number(3, 60),
                mandatory=must,
                earliest=0 if must else earliest,
                latest=self.n - 1 if must else latest,
                residency=self.residency_class(j, []),
                min_firmness=self.rng.choice((0, 0.9, 0.95)) if self.has_power else 0,
                min_hbm_gb=self.rng.choice((0, 0, 80, 100)),
                loss_hours_per_outage=self.rng.choice((5, 50, 90)) if outages else 0,
            )
            for k in self.pick(skus, 2):
                self.add("job_skus", job=j, sku=k, units=self.rng.choice((100, 200, 300, 500)), duration_periods=self.rng.choice((1, 1, 2)))

    def services(self) -> None:
        metros = [f"m{i}" for i in range(self.rng.choice((1, 2)))]
        for m in metros:
            self.add("metros", metro=m, country=self.rng.choice(COUNTRIES), **self.place())
        skus, sites = [r["sku"] for r in self.get("skus")], [r["site"] for r in self.get("sites")]
        for i in [f"i{n}" for n in range(self.rng.choice((1, 1, 2)))]:
            refresh = self.maybe(0.75)
            self.add(
                "services",
                service=i,
                slo_rtt_ms=self.rng.choice((12, 15, 20, 40)),
                peak_to_mean=self.rng.choice((1, 1.5, 2.5) if len(self.blocks) > 1 else (1,)),
                residency=self.residency_class(i, sorted({m["country"] for m in self.get("metros")})),
                hbm_gb=self.rng.choice((60, 300, 700)),
                price_usd_per_mtok=self.rng.choice((0, 2, 5, 9)),
                unmet_usd_per_mtok=self.rng.choice((0.5, 3, 8)) if self.maybe(0.85) else math.nan,
                weights_gb=self.rng.choice((400, 1500)) if refresh else 0,
                refresh_hours=self.rng.choice((1, 2)) if refresh else 24.0,
                origin=sites[-1] if refresh else "",
            )
            for k in self.pick(skus, 2):
                self.add("service_skus", service=i, sku=k, tok_per_s=self.rng.choice((600, 1000, 2500)))
            cells = [(m, t) for m in self.pick(metros) for t in range(self.n)]
            for m, t in cells:
                if (m, t) == cells[0] or self.maybe(0.8):
                    self.add("demand", service=i, metro=m, period=t, mtok_per_day=self.rng.choice((2000, 6000, 9000, 15000, 15000)))
        used = {r["metro"] for r in self.get("demand")}
        self.rows["metros"] = [m for m in self.get("metros") if m["metro"] in used]
        origins = {"", *(m["country"] for m in self.get("metros"))}
        self.rows["residency"] = [r for r in self.get("residency") if r["origin"] in origins]
        classes = {r["class"] for r in self.get("residency")}
        for service in self.get("services"):
            service["residency"] = service["residency"] if service["residency"] in classes else ""
        self.links([*sites, *sorted(used)])

    def km(self, a: str, b: str) -> float:
        """Laid length between two nodes: longer than the straight line where both have a place."""
        at = {r.get("site", r.get("metro")): (r["lat_deg"], r["lon_deg"]) for t in ("sites", "metros") for r in self.get(t)}
        if a not in at or b not in at:
            return self.number(600, 1800)
        degrees = abs(at[a][0] - at[b][0]) + abs(at[a][1] - at[b][1]) * math.cos(math.radians(48))
        return round(degrees * 112 * self.rng.uniform(1, 1.6) + 10, 1)

    def links(self, ends: list[str]) -> None:
        nodes = [*ends, *(["x"] if self.maybe(0.5) else [])]
        self.rng.shuffle(nodes)
        pairs = [(nodes[i], self.rng.choice(nodes[:i])) for i in range(1, len(nodes))]
        pairs += [(a, b) for a, b in [self.rng.sample(nodes, 2) for _ in range(self.rng.randint(0, 2))]]
        refresh, modular = any(s["origin"] for s in self.get("services")), 2
        for i, (a, b) in enumerate(pairs):
            row = self.add("links", link=f"e{i}", a=a, b=b, km=self.km(a, b))
            if refresh and self.maybe(0.85):
                row |= {"gbps": self.rng.choice((0.5, 1, 3))}
                if modular and self.maybe(0.8):
                    modular -= 1
                    row |= {
                        "module_gbps": self.rng.choice((4, 20, 50)),
                        "module_capex_musd": self.rng.choice((0.02, 0.2)),
                        "max_modules": self.rng.choice((1, 1, 2)),
                        "lead_periods": self.rng.choice((0, 0, 1)),
                        "life_years": self.rng.choice((math.nan, 10)),
                    }

    # the whole

    def fill(self) -> None:
        self.sites()
        self.power()
        self.chips()
        if self.has_jobs:
            self.jobs()
        if self.has_services:
            self.services()
        self.drop_unused_skus()
        self.rules()
        for t in self.pick(range(self.n)) if self.maybe(0.4) else []:
            self.add("budget", period=t, capex_musd=self.rng.choice((2, 5, 8, 12, 20)))
        self.drop_without_effect()

    def drop_without_effect(self) -> None:
        """Take out what reading would refuse as without effect; nothing is drawn here, so the rest of the case stays as it was."""
        for table, cost in (("halls", "capex_musd"), ("grid", "capex_musd"), ("generators", "capex_musd_per_mw")):
            for r in self.get(table):
                r["life_years"] = r["life_years"] if r[cost] else math.nan
        bought = {r["sku"] for r in self.get("offers") if r["unit_price_usd"]}
        for k in self.get("skus"):
            k["life_years"] = k["life_years"] if k["sku"] in bought else math.nan
        here = {"*", *(s["country"] for s in self.get("sites"))}
        groups: dict[tuple[str, str], list[Row]] = {}
        for r in self.get("residency"):
            groups.setdefault((r["class"], r["origin"]), []).append(r)
        self.rows["residency"] = [r for r in self.get("residency") if r["country"] in here or self.decides(r, groups[r["class"], r["origin"]], here)]
        classes = {r["class"] for r in self.get("residency")}
        for workload in (*self.get("jobs"), *self.get("services")):
            workload["residency"] = workload["residency"] if workload["residency"] in classes else ""

    @staticmethod
    def decides(row: Row, group: list[Row], here: set[str]) -> bool:
        """Return whether a residency row of a country without a site says something about the countries with one."""
        known = [r for r in group if r["country"] in here]
        if row["allow"]:  # the only ones to allow deny all others
            return not any(r["allow"] or r["country"] == "*" for r in known)
        return row["origin"] != "" and not known  # sets the general rows aside

    def drop_unused_skus(self) -> None:
        used = {r["sku"] for t in ("job_skus", "service_skus") for r in self.get(t)}
        self.rows["offers"] = [r for r in self.get("offers") if r["sku"] in used]
        self.rows["skus"] = [r for r in self.get("skus") if r["sku"] in used | {r["sku"] for r in self.get("installed")}]
        with_offers = {r["sku"] for r in self.get("offers")}
        vendors = {r["vendor"] for r in self.get("skus") if r["sku"] in with_offers}
        caps = [r for r in self.get("vendor_caps") if r["vendor"] in vendors]
        nothing_left = {r["vendor"] for r in caps} == vendors and sum(r["max_spend_share"] for r in caps) < 1
        self.rows["vendor_caps"] = [] if nothing_left else caps

    def combinations(self) -> float:
        """Upper estimate of the number of integer assignments."""
        n, domains = self.n, len(self.domains())
        out = 1.0
        for h in self.get("halls"):
            out *= 1 if h["existing"] else n + 1 - h["earliest"]
        out *= (n + 1.0) ** sum("opening_cost_musd" in s for s in self.get("sites"))
        for r in self.get("grid"):
            out *= max(1, n + 1 - r["available"]) if r["capex_musd"] else 1
        out *= 2.0 ** sum(q["kind"] == "take_or_pay" for q in self.get("offers"))
        for e in self.get("links"):
            out *= math.comb(n - e.get("lead_periods", 0) + e.get("max_modules", 0), e.get("max_modules", 0))
        for j in self.get("jobs"):
            spans = [r["duration_periods"] for r in self.get("job_skus") if r["job"] == j["job"]]
            out *= 1 + domains * sum(max(0, min(n - 1, j["latest"]) - j["earliest"] - d + 2) for d in spans)
        return out

    def case(self, name: str) -> Case:
        rng = self.rng
        has_co2 = any(r["co2_kg_per_mwh"] for t in ("tariffs", "ppas", "generators") for r in self.get(t))
        return Case(
            name=name,
            start=period_number("2027", 12) * (12 // self.months),
            n_periods=self.n,
            period_months=self.months,
            discount_rate=rng.choice((0.0, 0.08, 0.1)),
            blocks=self.blocks,
            weights={t: rng.choice((0.5, 1.5, 2.0)) for t in self.pick(WEIGHTED)} if self.maybe(0.25) else {},
            carbon_price_usd_per_t=rng.choice((50.0, 150.0)) if has_co2 and self.maybe(0.5) else 0.0,
            rtt_overhead_ms=rng.choice((8.0, 8.0, 2.0)) if self.get("services") else 8.0,
            lead_percentile=rng.choice((10, 50, 90)) if self.get("milestones") else 50,
            tables={t: frame(t, self.rows[t], self.n) for t in TABLES if self.get(t)},
        )


def random_case(seed: int) -> Case:
    """Return a tiny valid case; the same seed always gives the same case.

    Draws with more than ``MOST_COMBINATIONS`` integer assignments are thrown away, so that enumeration stays quick.
    """
    case = _drawn(seed)
    return replace(case, tables={name: table.copy() for name, table in case.tables.items()})  # nobody changes that of another test


@cache
def _drawn(seed: int) -> Case:
    for attempt in range(1000):
        draw = Draw(Random(f"{seed}/{attempt}"))
        draw.fill()
        if draw.combinations() <= MOST_COMBINATIONS:
            return draw.case(f"random-{seed}")
    raise AssertionError(f"seed {seed} gives no small case")


def write_case(case: Case, folder: Path) -> Path:
    """Write a case as ``case.toml`` and CSV tables with period labels; columns that are blank throughout are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    words = {"name": case.name, "title": case.title, "model": case.model, "start": case.periods[0]}
    words |= {"cost_unit": case.cost_unit} if case.cost_unit != "M$" else {}
    text = [f'{key} = "{value}"' for key, value in words.items()]
    numbers = {f.name: f.default for f in fields(Case) if f.name in NUMBERS}
    text += [f"periods = {case.n_periods}"]
    text += [f"{key} = {getattr(case, key)}" for key, usual in numbers.items() if getattr(case, key) != usual]
    for b in case.blocks:
        text += ["", "[[blocks]]", f'name = "{b.name}"', f"share = {b.share}", f"stress = {str(b.stress).lower()}"]
    text += ["", "[weights]", *(f"{term} = {weight}" for term, weight in case.weights.items())] if case.weights else []
    (folder / "case.toml").write_text("\n".join(text) + "\n", encoding="utf-8")
    for name, table in case.tables.items():
        _as_text(case, name, table).to_csv(folder / f"{name}.csv", index=False)
    return folder


def _as_text(case: Case, name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a table as a planner writes them: what a blank stands for is left blank (it may be no allowed entry)."""
    out: dict[str, list[str]] = {}
    for c in TABLES[name]:
        blank = c.blank_value(case.n_periods)
        if c.kind == "period":
            cells = [period_label(case.start + int(t), case.period_months) for t in table[c.name]]
        elif c.kind == "bool":
            cells = [str(int(x)) for x in table[c.name]]
        elif c.kind == "float":
            cells = ["" if math.isnan(x) else repr(float(x)) for x in table[c.name]]
        else:
            cells = [str(x) for x in table[c.name]]
        if blank is not None:
            cells = ["" if x == blank else cell for x, cell in zip(table[c.name].tolist(), cells, strict=True)]
        if c.required or any(cells):
            out[c.name] = cells
    return pd.DataFrame(out)
