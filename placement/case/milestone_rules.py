"""Rules on milestones: what they belong to, what comes first, and how long they take."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import numpy as np

from placement.case.draft import Draft, Problems, among, pairs
from placement.case.findings import suggest
from placement.errors import Problem


def milestone_halls(d: Draft) -> Problems:
    """A milestone belongs to a new hall of its site, or is shared at a site without existing halls."""
    rows, halls = d["milestones"], d["halls"]
    existing = set(pairs(halls[halls["existing"]], "site", "hall"))
    mine = pairs(rows, "site", "hall")
    shared = (rows["hall"] == "").to_numpy(dtype=bool)
    unknown = np.array([pair not in set(pairs(halls, "site", "hall")) for pair in mine], dtype=bool) & ~shared
    names = [f"{s}/{h}" for s, h in pairs(halls, "site", "hall")]
    remedy = suggest([f"{s}/{h}" for (s, h), bad in zip(mine, unknown, strict=True) if bad], names)
    yield from d.broken("milestones", "hall", unknown, "must be a hall of the site, or blank", remedy)
    done = np.array([pair in existing for pair in mine], dtype=bool)
    yield from d.broken("milestones", "hall", done, "must not be an existing hall", "Remove the rows, or set existing to 0.")
    open_sites = {site for site, _ in existing}
    late = shared & among(rows["site"], open_sites)
    yield from d.broken("milestones", "hall", late, "must not be blank at a site with an existing hall", "Name the new hall that the milestone is for.")


def milestone_order(d: Draft) -> Problems:
    """What comes first is known, is not a hall's own step before a shared one, and leads into no circle."""
    rows = d["milestones"]
    keys = list(zip(rows["site"], rows["hall"], rows["milestone"], strict=True))
    known = set(keys)
    graphs: dict[str, dict[tuple[str, str], list[tuple[str, str]]]] = {s: {} for s in rows["site"]}
    unknown, own_first, unclear = (np.zeros(len(keys), dtype=bool) for _ in range(3))
    missing: list[str] = []
    for i, ((site, hall, milestone), after) in enumerate(zip(keys, rows["after"], strict=True)):
        before = graphs[site].setdefault((hall, milestone), [])
        for name in after.split(";") if after else ():
            found = [h for h in dict.fromkeys((hall, "")) if (site, h, name) in known]
            if not found:
                elsewhere = not hall and any(s == site and m == name for s, _, m in known)
                (own_first if elsewhere else unknown)[i] = True
                missing += [] if elsewhere else [name]
            unclear[i] |= len(found) > 1
            before += [(found[0], name)] if len(found) == 1 else []
    here = set(rows["milestone"])
    yield from d.broken("milestones", "after", unknown, "names no milestone of the hall or shared one of the site", suggest(missing, here))
    rule = "must not let a shared milestone follow a hall's own"
    yield from d.broken("milestones", "after", own_first, rule, "Make the earlier one shared (hall blank), or give the later one a hall.")
    rule = "names a milestone that both the hall and the site have"
    yield from d.broken("milestones", "after", unclear, rule, "Rename one of the two, so that it is clear which comes first.")
    for site, graph in graphs.items():
        yield from _circle(site, graph)


def _circle(site: str, graph: dict[tuple[str, str], list[tuple[str, str]]]) -> Problems:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        steps = " -> ".join("/".join(part for part in node if part) for node in error.args[1])
        yield Problem("milestones", "after", f"must not form a circle ({steps})", "Remove one of these steps.", (site,))


def milestone_leads(d: Draft) -> Problems:
    """Percentiles rise."""
    rows = d["milestones"]
    falling = (rows["lead_p10"] > rows["lead_p50"]) | (rows["lead_p50"] > rows["lead_p90"])
    return d.broken("milestones", "lead_p50", falling, "must lie between lead_p10 and lead_p90", "Put the three leads in rising order.")
