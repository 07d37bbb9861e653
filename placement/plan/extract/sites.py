"""Sites, halls and their milestones."""

from __future__ import annotations

import pandas as pd

from placement.plan.extract.solution import NIL, Solution, table
from placement.rules.milestones import chains


def sites(solution: Solution) -> pd.DataFrame:
    """Return the sites that are opened."""
    return table("sites", [(s, solution.label[t]) for (s,), t in solution.starts("opened").items()])


def openings(solution: Solution) -> pd.DataFrame:
    """Return the sites of `siting`, open or not."""
    return table("openings", [(s, round(value)) for (s,), value in solution.values("open")])


def local_benefits(solution: Solution) -> pd.DataFrame:
    """Return the power and the water granted against benefits."""
    mw, ml = (dict(solution.values(name)) for name in ("community_extra_mw", "community_extra_ml"))
    rows = [(s, solution.label[t], mw.get((s, t), 0.0), ml.get((s, t), 0.0)) for s, t in dict.fromkeys([*mw, *ml])]
    return table("local_benefits", [row for row in rows if max(row[2:]) > NIL])


def land_options(solution: Solution) -> pd.DataFrame:
    """Return the options on land that are held."""
    return table("land_options", [(s, solution.label[t], held) for (s, t), held in solution.values("option") if held > NIL])


def halls(solution: Solution) -> pd.DataFrame:
    """Return the halls in service."""
    built = solution.starts("built")
    rows = [
        (h.site, h.hall, solution.label[0 if h.existing else built[h.site, h.hall]], h.it_mw, int(h.existing))
        for h in solution.scope.halls.itertuples()
        if h.existing or (h.site, h.hall) in built
    ]
    return table("halls", rows)


def milestones(solution: Solution) -> pd.DataFrame:
    """Return the milestones of what is built, with their dates."""
    built = halls(solution)
    number = {label: t for t, label in enumerate(solution.case.periods)}
    ends = {(r.site, ""): number[r.opened] for r in sites(solution).itertuples()}
    ends |= {(r.site, r.hall): number[r.in_service] for r in built[built["existing"] == 0].itertuples()}
    by_p = {p: chains(solution.case, p) for p in (10, 50, 90)}
    shared, own = by_p[solution.case.lead_percentile]
    rows = []
    for r in solution.case["milestones"].itertuples():
        if (r.site, r.hall) in ends:
            chain = own[r.site, r.hall] if r.hall else shared[r.site]
            start = dict(zip(chain.tails, (t for t, _ in chain.payments(ends[r.site, r.hall])), strict=True))[r.milestone]
            finish = [(by_p[p][1][r.site, r.hall] if r.hall else by_p[p][0][r.site]).finish[r.milestone] for p in (10, 50, 90)]
            rows.append((r.site, r.hall, r.milestone, solution.label[start], *finish))
    return table("milestones", rows)
