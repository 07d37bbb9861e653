"""Rules on what sites share: limits on milestones, crews, the grid queue, gates, options on land."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import numpy as np

from placement.case.draft import Draft, Problems, Rule, among, pairs
from placement.case.findings import suggest
from placement.errors import Problem

Thing = tuple[str, str, str]  # kind, site, item


def limits_felt(d: Draft) -> Problems:
    """A limit speaks of milestones that some site of its place has."""
    rows, sites, steps = d["milestone_limits"], d["sites"], d["milestones"]
    named = among(rows["milestone"], steps["milestone"])
    yield from d.broken("milestone_limits", "milestone", ~named, "names no milestone", suggest(rows["milestone"][~named], steps["milestone"]))
    home = steps.merge(sites[["site", "zone", "country"]], on="site", how="left")
    there = set(pairs(home, "milestone", "zone")) | set(pairs(home, "milestone", "country")) | {(m, "") for m in home["milestone"]}
    idle = named & np.array([pair not in there for pair in pairs(rows, "milestone", "place")], dtype=bool)
    rule = "has no effect: no site of that country or tariff zone has the milestone"
    yield from d.broken("milestone_limits", "place", idle, rule, "Correct the place, or remove the rows.")


def crews_felt(d: Draft) -> Problems:
    """Crews are there to be needed, and needed where somebody counts them."""
    rows, sites, needed = d["crews"], d["sites"], d["milestones"]["crews"] > 0
    remedy = "Add crews.csv, or leave it blank."
    if "crews" not in d.present:
        yield from d.broken("milestones", "crews", needed, "has no effect without crews.csv", remedy)
    users = sites.loc[among(sites["site"], d["milestones"].loc[needed, "site"])]
    idle = ~among(rows["place"], {*users["zone"], *users["country"], ""} if len(users) else ())
    rule = "has no effect: no milestone there needs crews"
    yield from d.broken("crews", "place", idle, rule, "Give milestones.crews, correct the place, or remove the rows.")


def queue_felt(d: Draft) -> Problems:
    """A queue is for tiers that are still to be bought."""
    sites, tiers = d["sites"], d["grid"]
    waiting = sites.loc[among(sites["site"], tiers.loc[tiers["capex_musd"] > 0, "site"]), "zone"]
    idle = ~among(d["grid_queue"]["zone"], waiting)
    rule = "has no effect: no grid tier of the zone has a capex"
    yield from d.broken("grid_queue", "zone", idle, rule, "Give grid.capex_musd, or remove the rows.")


def _things(d: Draft) -> tuple[set[Thing], set[Thing]]:
    """Return what gates may name, and which of it is a decision."""
    halls, tiers, sites = d["halls"], d["grid"], d["sites"]
    running = set(halls.loc[halls["existing"], "site"])
    there = (
        {("hall", *p) for p in pairs(halls, "site", "hall")} | {("tier", *p) for p in pairs(tiers, "site", "tier")} | {("site", s, "") for s in sites["site"]}
    )
    decided = {("hall", *p) for p in pairs(halls[~halls["existing"]], "site", "hall")}
    bought = (tiers["capex_musd"] > 0) | (tiers["opex_musd_per_year"] > 0)
    decided |= {("tier", *p) for p in pairs(tiers[bought], "site", "tier")} | {("site", s, "") for s in sites["site"] if s not in running}
    return there, decided


def gates_sound(d: Draft) -> Problems:
    """Gates name things that are there and still to be decided, and do not wait for one another."""
    rows, (there, decided) = d["gates"], _things(d)
    ends = [
        [tuple(row) for row in rows[columns].itertuples(index=False, name=None)]
        for columns in (["kind", "site", "item"], ["after_kind", "after_site", "after_item"])
    ]
    for column, things in zip(("item", "after_item"), ends, strict=True):
        missing = np.array([thing not in there for thing in things], dtype=bool)
        names = sorted(item for _, _, item in there if item)
        wanted = [item for (_, _, item), bad in zip(things, missing, strict=True) if bad and item]
        rule = "must be a hall or tier of the site, as the kind says; blank for a site"
        yield from d.broken("gates", column, missing, rule, suggest(wanted, names) if wanted else "Fill it in.")
        settled = ~missing & np.array([thing not in decided for thing in things], dtype=bool)
        rule = "has no effect: it is there already (an existing hall or its site, a tier that costs nothing)"
        yield from d.broken("gates", column, settled, rule, "Remove the gate, or name something that is still to be decided.")
    before: dict[Thing, set[Thing]] = {}
    for held, first in zip(*ends, strict=True):
        before.setdefault(held, set()).add(first)
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        steps = " -> ".join("/".join(part for part in thing if part) for thing in error.args[1])
        yield Problem("gates", "after_item", f"must not form a circle ({steps})", "Remove one of these gates.", ())


def options_used(d: Draft) -> Problems:
    """An option is for a site that must be opened, and costs something or ends."""
    rows, halls = d["land_options"], d["halls"]
    open_already = among(rows["site"], halls.loc[halls["existing"], "site"])
    yield from d.broken("land_options", "site", open_already, "has no effect: the site has an existing hall and is open already", "Remove the row.")
    idle = (rows["fee_musd_per_year"] == 0) & (rows["expires"] >= d.case.n_periods - 1)
    rule = "has no effect: the option costs nothing and does not end within the horizon"
    yield from d.broken("land_options", "fee_musd_per_year", idle, rule, "Give a fee or an end, or remove the row.")


def designs_repeated(d: Draft) -> Problems:
    """A design saves time where it is built again: two halls, of which a new one has milestones of its own."""
    halls, steps = d["halls"], set(pairs(d["milestones"], "site", "hall"))
    slow = np.array([pair in steps for pair in pairs(halls, "site", "hall")], dtype=bool) & ~halls["existing"].to_numpy(dtype=bool)
    often = halls["design"].value_counts()
    idle = ~among(d["designs"]["design"], set(often.index[often > 1]) & set(halls.loc[slow, "design"]))
    rule = "has no effect: fewer than two halls are of the design, or no new one has milestones"
    yield from d.broken("designs", "design", idle, rule, "Name it in halls.design, or remove the row.")


RULES = (
    Rule(designs_repeated, "designs.design halls.site halls.hall halls.design halls.existing milestones.site milestones.hall"),
    Rule(
        limits_felt,
        "milestone_limits.milestone milestone_limits.place milestones.site milestones.milestone sites.site sites.zone sites.country",
    ),
    Rule(crews_felt, "crews.place milestones.site milestones.crews sites.site sites.zone sites.country"),
    Rule(queue_felt, "grid_queue.zone grid.site grid.capex_musd sites.site sites.zone"),
    Rule(
        gates_sound,
        "gates.kind gates.site gates.item gates.after_kind gates.after_site gates.after_item sites.site halls.site halls.hall halls.existing grid.site "
        "grid.tier grid.capex_musd grid.opex_musd_per_year",
    ),
    Rule(options_used, "case.periods land_options.site land_options.fee_musd_per_year land_options.expires halls.site halls.existing"),
)
