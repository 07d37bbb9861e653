"""The section "Where": a map that steps through the periods, with its state in words and its numbers in tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.report.charts import rect
from placement.report.corridors import between_places, spots
from placement.report.energy import flows, tightest
from placement.report.facts import Facts
from placement.report.formats import fixed, listed, percent, plural, unit
from placement.report.maps import SHAPES, Corridor, Flow, Metro, Site, looks, world
from placement.report.markup import Html, data, el, figure, join, note, section, table
from placement.report.tables import by_period, grouped, names_of, records

Array = NDArray[np.float64]

MOST_FLOWS = 25  # of each period: the largest
TITLE = "Where"


def map_section(facts: Facts) -> Html:
    """Return the map of sites, metros, fibre and inference traffic, with the numbers of sites and links."""
    if facts.case["sites"].empty:
        return section("map", TITLE, note("The case has no sites."))
    places = _Places(facts)
    sites, metros, links, flows = places.sites(), places.metros(), places.corridors(), places.flows()
    title = f"Map of {plural(len(sites), 'site')}, {fixed(sum(s.size[-1] > 0 for s in sites))} of them in use at the end, and {plural(len(metros), 'metro')}"
    chart = world(sites, metros, links, flows, title)
    above = [_key(places.looks, sites, bool(metros), bool(links), len(flows)), _state(facts, sites)]
    numbers = join([_site_table(facts), _link_table(facts, places)])
    return section("map", TITLE, figure(title, chart, _hint(facts, bool(links)), numbers, facts.case.periods, above))


class _Places:
    """The case's places with what the plan does there, by period."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.n = facts, facts.case.n_periods
        self.looks = looks(facts.case["sites"]["kind"])
        self.site_ids, self.metro_ids = list(facts.site_names), list(names_of(facts.case["metros"], "metro"))

    def by(self, df: pd.DataFrame, key: str, value: str) -> Callable[[object], Array]:
        """Return sums of a column by period: a function of the key, zeros where it has no rows."""
        codes, keys = pd.factorize(df[key])
        sums = np.zeros((len(keys), self.n))
        np.add.at(sums, (codes, df["period"].to_numpy(int)), df[value].to_numpy(float))
        rows = dict(zip(keys, sums, strict=True))
        return lambda k: rows.get(k, np.zeros(self.n))

    def sites(self) -> list[Site]:
        facts, n = self.facts, self.n
        halls = facts.plan["halls"]
        size = {s: np.zeros(n) for s in self.site_ids}
        for r in records(halls.loc[halls["site"].isin(self.site_ids)]):
            size[r.site][max(r.in_service, 0) :] += r.it_mw
        power = _power(facts)
        limit, load = (self.by(power, "site", c) for c in ("limit", "load"))
        chips = self.by(facts.plan["chips"].assign(units=lambda d: d["installed"] + d["deployed"]), "site", "units")
        served = self.by(facts.traffic, "site", "mtok_per_day")
        jobs = facts.plan["training"]
        return [
            Site(
                facts.site_names[r.site], r.lat_deg, r.lon_deg, size[r.site],
                limit(r.site) if facts.power_modelled and not r.power_included else None, self.looks[str(r.kind)],
                [
                    ("Kind", ", ".join(x for x in (str(r.kind), str(r.country)) if x)), ("IT capacity", _shown(size[r.site], "MW", "none")),
                    ("Power available", _shown(limit(r.site), "MW")), ("Power drawn", _shown(load(r.site), "MW")),
                    ("Accelerators", [fixed(v) if v > 0 else "" for v in chips(r.site)]), ("Training jobs", _running(jobs.loc[jobs["site"] == r.site], n)),
                    ("Inference", _shown(served(r.site), "Mtok/day")),
                ],
            )
            for r in records(facts.case["sites"])
        ]  # fmt: skip

    def metros(self) -> list[Metro]:
        facts = self.facts
        names = names_of(facts.case["metros"], "metro")
        asked, served = self.by(facts.case["demand"], "metro", "mtok_per_day"), self.by(facts.traffic, "metro", "mtok_per_day")
        return [
            Metro(
                names[r.metro], r.lat_deg, r.lon_deg,
                [
                    ("Kind", f"metro, {r.country}"), ("Demand", _shown(asked(r.metro), "Mtok/day")),
                    ("Served", [percent(min(s / a, 1.0)) if a > 0 else "" for s, a in zip(served(r.metro), asked(r.metro), strict=True)]),
                ],
            )
            for r in records(facts.case["metros"])
        ]  # fmt: skip

    def ends(self) -> dict[str, str]:
        """Node of the fibre graph -> its name."""
        return {**names_of(self.facts.case["metros"], "metro"), **self.facts.site_names}

    def used_links(self) -> pd.DataFrame:
        """The case's links that the plan loads or extends."""
        links = self.facts.case["links"]
        return links.loc[links["link"].isin(self.facts.plan["fibre"]["link"])]

    def corridors(self) -> list[Corridor]:
        """All links in use between two places as one line; links that begin and end nearest to the same place have none."""
        at, name = spots(self.facts.case), self.ends()
        drawn = between_places(self.facts.case, self.used_links())
        fibre = self.facts.plan["fibre"].merge(drawn[["link", "from", "to"]], on="link")
        fibre = fibre.assign(pair=list(zip(fibre["from"], fibre["to"], strict=True)))
        capacity, load, modules = (self.by(fibre, "pair", c) for c in ("capacity_gbps", "load_gbps", "modules"))
        found = []
        for (a, b), group in grouped(drawn, ["from", "to"]):
            room, use = capacity((a, b)), load((a, b))
            card = [
                ("Kind", f"fibre: {listed(group['link'].tolist(), 6)}"), ("Capacity", _shown(room, "Gbit/s")), ("Load", _shown(use, "Gbit/s")),
                ("Used", [percent(y / x) if x > 0 else "" for x, y in zip(room, use, strict=True)]),
                ("Modules lit", [fixed(v) if v > 0 else "" for v in modules((a, b))]),
            ]  # fmt: skip
            found.append(Corridor((name[a], name[b]), at[a], at[b], room, use, card))
        return found

    def flows(self) -> list[Flow]:
        sites, metros = ({k: i for i, k in enumerate(ids)} for ids in (self.site_ids, self.metro_ids))
        df = self.facts.traffic.loc[lambda d: d["site"].isin(list(sites)) & d["metro"].isin(list(metros)) & (d["mtok_per_day"] > 0)]
        amounts = by_period(df.assign(pair=list(zip(df["site"], df["metro"], strict=True))), "pair", "mtok_per_day", self.n)
        names, users = self.facts.site_names, names_of(self.facts.case["metros"], "metro")
        large = amounts.loc[(amounts.rank(ascending=False, method="first") <= MOST_FLOWS).any(axis=1)]
        return [
            Flow((names[s], users[m]), sites[s], metros[m], row, [("Inference", _shown(row, "Mtok/day", "none"))])
            for (s, m), row in zip(large.index, large.to_numpy(float), strict=True)
        ]


def _power(facts: Facts) -> pd.DataFrame:
    """Power by site and period in its tightest block, MW: columns site, period, ``limit`` and ``load``."""
    return tightest(flows(facts))


def _shown(values: Array, name: str, nothing: str = "") -> list[str] | str:
    """One text per period; one for all where they are the same."""
    texts = [str(unit(v, name)) if v > 1e-9 else nothing for v in values.tolist()]
    return texts if len(set(texts)) > 1 else texts[-1] if texts else nothing


def _running(jobs: pd.DataFrame, n: int) -> list[str]:
    counts = [int(((jobs["start"] <= t) & (jobs["end"] >= t)).sum()) for t in range(n)]
    return [fixed(c) if c else "" for c in counts]


def _hint(facts: Facts, fibre: bool) -> str:
    quota = " (at a provider's site, of what it keeps for its customer)" if len(facts.own_halls) < len(facts.plan["halls"]) else ""
    lines = " Fibre lies between the places nearest to its ends; links between the same two are one line." if fibre else ""
    return f"Area: IT capacity of halls in service{quota}. Marks that would cover one another are moved apart, with a line to their place.{lines}"


def _swatch(*parts: Html) -> Html:
    return el("svg", *parts, viewBox="0 0 14 14", aria_hidden="true")


def _key(kinds: Mapping[str, int], sites: Sequence[Site], metros: bool, fibre: bool, flows: int) -> Html:
    """The key of the map; each entry with a layer can be switched by the script."""
    named: dict[int, list[str]] = {}
    for kind, i in kinds.items():
        named.setdefault(i, []).append(kind or "site")
    entries = [
        el("li", _swatch(el("path", d=SHAPES[i][0], class_=SHAPES[i][1], transform="translate(7 7) scale(5.2)")), listed(names))
        for i, names in sorted(named.items())
    ]
    if any((s.size <= 0).any() for s in sites):
        entries.append(el("li", _swatch(el("circle", cx=7, cy=7, r=4.5, class_="ring")), "site not in use"))
    if any(s.power is not None for s in sites):
        entries.append(el("li", _swatch(el("circle", cx=7, cy=7, r=6, class_="power")), "power available", data_layer="power"))
    if metros:
        entries.append(el("li", _swatch(el("path", d="M7 2l5 5l-5 5l-5 -5z", class_="c7")), "metro", data_layer="metros"))
    if fibre:
        pipe = (rect(0, 3, 14, 8, "pipe-key"), rect(0, 5, 14, 4, "load-key"))
        entries.append(el("li", _swatch(*pipe), "fibre: capacity, and its load within", data_layer="fibre"))
    if flows:
        words = "inference flows" if flows <= MOST_FLOWS else f"the {MOST_FLOWS} largest inference flows"
        entries.append(el("li", _swatch(rect(0, 5, 14, 4, "flow-key")), words, data_layer="flows"))
    return el("ul", *entries, class_="legend")


def _state(facts: Facts, sites: Sequence[Site]) -> Html:
    """The period in words, above the map; as drawn it is the last one."""
    size = np.array([s.size for s in sites]).reshape(len(sites), -1)
    power = _power(facts).groupby("period")[["limit", "load"]].sum()
    fibre = facts.plan["fibre"].loc[lambda d: (d["load_gbps"] > 0) & (d["capacity_gbps"] > 0)].assign(used=lambda d: d["load_gbps"] / d["capacity_gbps"])
    served = facts.traffic.groupby("period")["mtok_per_day"].sum()

    def told(t: int) -> str:
        mw, used = size[:, t].sum(), fibre.loc[fibre["period"] == t]
        found = [f"{unit(mw, 'MW')} of IT capacity in service at {plural(int((size[:, t] > 0).sum()), 'site')}" if mw > 0 else "no IT capacity in service"]
        if facts.power_modelled and t in power.index:
            found.append(f"{unit(power.loc[t, 'limit'], 'MW')} of power available, {unit(power.loc[t, 'load'], 'MW')} drawn")
        if len(used):
            fullest, full = used.loc[used["used"].idxmax()], int((used["used"] > 1 - 1e-6).sum())
            most = f"{fixed(full)} of them full" if full else f"the fullest, {fullest['link']}, at {percent(fullest['used'])}"
            found.append(f"{plural(len(used), 'fibre link')} loaded, {most}")
        if served.get(t, 0.0) > 0:
            found.append(f"{unit(served[t], 'Mtok/day')} served")
        return f"{facts.case.periods[t]}: {'; '.join(found)}."

    texts = [told(t) for t in range(facts.case.n_periods)]
    return el("p", texts[-1], class_="state", aria_live="polite", data_at=data({"text": texts}) if len(texts) > 1 else None)


def _site_table(facts: Facts) -> Html:
    df = facts.case["sites"]
    df = df.assign(mw=df["site"].map(facts.it_mw).fillna(0.0)).sort_values("mw", ascending=False, kind="stable")
    jobs = facts.plan["training"]["site"].value_counts()
    rows = [(facts.site_names[r.site], r.country, r.kind, fixed(r.mw, 1), fixed(jobs.get(r.site, 0)), fixed(r.pue, 2)) for r in records(df)]
    return table(("Site", "Country", "Kind", "IT capacity at the end, MW", "Jobs", "PUE"), rows, (3, 4, 5))


def _link_table(facts: Facts, places: _Places) -> Html:
    """Capacity, load and modules of the links in use, in the period in which each is fullest."""
    df = facts.plan["fibre"].loc[lambda d: d["capacity_gbps"] > 0]
    if df.empty:
        return Html()
    df = df.assign(used=df["load_gbps"] / df["capacity_gbps"])
    df = df.loc[df.groupby("link")["used"].idxmax()].merge(places.used_links()[["link", "a", "b", "km"]], on="link")
    name = places.ends()
    rows = [
        (
            r.link, name.get(r.a, r.a), name.get(r.b, r.b), fixed(r.km), facts.case.periods[r.period],
            fixed(r.capacity_gbps), fixed(r.load_gbps), percent(r.used), fixed(r.modules),
        )
        for r in records(df.sort_values("used", ascending=False, kind="stable"))
    ]  # fmt: skip
    heads = ("Link", "From", "To", "Length, km", "Fullest in", "Capacity, Gbit/s", "Load, Gbit/s", "Used", "Modules lit")
    return table(heads, rows, (3, 5, 6, 7, 8), "Fibre links in use, each in the period in which it is fullest")
