r"""Training columns: one per (job, fabric domain, SKU, start), the gang whole and in one domain.

.. math:: \sum_{f,k,\tau} x_{jfk\tau} \le 1 \ (= 1 \text{ if mandatory}), \qquad
          \sum_{k,\,\tau \le t} x_{jfk\tau} \le built_{h(j,f),t}

See models/README.md, section 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.demand.apart import groups_apart
from placement.demand.base import after_bases, precedence
from placement.demand.columns import Columns, Ints, Keys, Triplets
from placement.demand.gangs import TOLERANCE, gangs
from placement.demand.gravity import ingest
from placement.demand.job_costs import job_costs, left_out
from placement.demand.standing import standing, while_standing
from placement.rules import Scope
from placement.units import KW_PER_MW


def build_training(scope: Scope, resources: Keys, decisions: Keys) -> tuple[Columns, pd.DataFrame]:
    """Return the columns of all jobs and a table of what each rule excluded."""
    options = after_bases(scope, while_standing(scope, gangs(scope)))
    names = scope.case["job_skus"]
    keep = options["rule"] == ""
    lost = options[~keep]
    exclusions = pd.DataFrame(
        {
            "workload": names["job"].to_numpy()[lost["row"]],
            "place": scope.domains.to_numpy()[lost["domain"]],
            "sku": names["sku"].to_numpy()[lost["row"]],
            "rule": lost["rule"].to_numpy(),
        }
    )
    exclusions = exclusions.groupby(["workload", "place", "sku", "rule"], as_index=False, sort=False).size().rename(columns={"size": "n"})
    return _columns(scope, options[keep].reset_index(drop=True), resources, decisions), exclusions


def _columns(scope: Scope, options: pd.DataFrame, resources: Keys, decisions: Keys) -> Columns:
    """Expand options over start periods and write down cost, use, serve and requires rows."""
    jobs = scope.case["jobs"]
    options = options.sort_values(["job", "domain", "sku"], kind="stable", ignore_index=True)
    counts = (options["last"] - options["first"] + 1).to_numpy()
    at = np.repeat(np.arange(len(options)), counts)
    start = _ramp(counts) + options["first"].to_numpy()[at]
    stays = standing(scope, options)[at, start]
    at, start = at[stays], start[stays]
    frame = options.loc[at, ["row", "job", "domain", "sku", "nominal", "units", "goodput"]].reset_index(drop=True)
    frame["start"] = start
    frame["end"] = start + options["periods"].to_numpy()[at] - 1
    costs, out = job_costs(scope, frame), left_out(scope)
    requires, decision = _requires(scope, options, at, start, decisions)
    must = jobs["mandatory"] | (jobs["unplaced_musd"] > 0)  # with a penalty: placed, or the column that pays it
    serve = pd.DataFrame({"label": [f"place_once[{j}]" for j in jobs["job"]], "lower": np.where(must, 1.0, 0.0), "upper": 1.0})
    cost = {term: np.concatenate([musd, np.zeros(len(out))]) for term, musd in costs.cost_musd.items()}
    if len(out):
        cost["unmet"] = cost.get("unmet", np.zeros(len(frame) + len(out)))
        cost["unmet"][len(frame) :] = out["musd"]
    when = out["period"].to_numpy(np.int64)
    return Columns(
        kinds=[("training", frame), ("unplaced", out)] if len(out) else [("training", frame)],
        cost_musd=cost,
        paid=np.concatenate([frame["end"].to_numpy(np.int64), when]),
        due={term: np.concatenate([period, when]) for term, period in costs.due.items()},
        integer=np.repeat([True, False], [len(frame), len(out)]),
        use=Triplets.join([_use(scope, frame, resources), precedence(scope, frame, resources), ingest(scope, frame, resources)]),
        serve=serve,
        serve_row=np.concatenate([frame["job"].to_numpy(np.int64), out["job"].to_numpy(np.int64)]),
        requires=requires,
        requires_decision=decision,
    )


def _ramp(counts: Ints) -> Ints:
    """Return 0..n-1 for each count in turn."""
    return np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)


def _use(scope: Scope, frame: pd.DataFrame, resources: Keys) -> Triplets:
    """Units, MW and firm MW in every period that a column runs."""
    length = (frame["end"] - frame["start"] + 1).to_numpy()
    col = np.repeat(np.arange(len(frame)), length)
    t = frame["start"].to_numpy()[col] + _ramp(length)
    f, k, units = (frame[c].to_numpy()[col] for c in ("domain", "sku", "units"))
    site = scope.domain_site[f]
    parts = [Triplets(resources.encode("compute", f, k, t), col, units)]
    if scope.has_power:
        it_mw = scope.kw[k] / KW_PER_MW * units
        active = it_mw * (1 - scope.case["skus"]["idle_share"].to_numpy(float)[k])
        parts += [Triplets(resources.encode("power", site, t, b), col, scope.pue[site, t, b] * active) for b in range(len(scope.case.blocks))]
        firm_mw = scope.pue_most[site, t] * it_mw
        asked = scope.case["jobs"]["min_firmness"].to_numpy(float)[frame["job"].to_numpy()[col]]
        for i, level in enumerate(scope.levels):
            need = asked >= level
            parts.append(Triplets(resources.encode("firm", site[need], i, t[need]), col[need], firm_mw[need]))
    parts.append(groups_apart(scope, resources, frame["job"].to_numpy()[col], site, t, col))
    joined = Triplets.join(parts)
    some = joined.value > 0  # an SKU that draws all its power idle uses no more when it works
    return Triplets(joined.row[some], joined.col[some], joined.value[some])


def _requires(scope: Scope, options: pd.DataFrame, at: Ints, start: Ints, decisions: Keys) -> tuple[Triplets, Ints]:
    """Rows: columns of one job in one domain started by t <= its smallest sufficient hall built by t."""
    hall = _smallest_hall(scope, options)
    group, _ = pd.factorize(options["job"] * len(scope.domains) + options["domain"])
    hall = pd.Series(hall).groupby(group).transform("min").to_numpy() if len(options) else hall
    needed = ~scope.halls["existing"].to_numpy()[hall] if len(options) else np.empty(0, bool)
    cols = np.flatnonzero(needed[at])
    if not len(cols):
        return Triplets.join([]), np.empty(0, np.int64)
    g, s = group[at][cols], start[cols]
    low, high = (getattr(pd.Series(s).groupby(g), how)() for how in ("min", "max"))
    base = pd.Series((high - low + 1).cumsum().shift(fill_value=0), index=low.index)
    length = high.loc[g].to_numpy() - s + 1
    row = np.repeat(base.loc[g].to_numpy() + s - low.loc[g].to_numpy(), length) + _ramp(length)
    n_rows = int((high - low + 1).sum())
    row_group = np.repeat(low.index.to_numpy(), (high - low + 1).to_numpy())
    row_t = _ramp((high - low + 1).to_numpy()) + low.loc[row_group].to_numpy()
    hall_of = pd.Series(hall).groupby(group).first()
    decision = decisions.encode("built", hall_of.loc[row_group].to_numpy(), row_t)
    assert len(decision) == n_rows
    return Triplets(row.astype(np.int64), np.repeat(cols, length), np.ones(int(length.sum()))), decision


def _smallest_hall(scope: Scope, options: pd.DataFrame) -> Ints:
    """Return the row of the first hall with which the domain is large enough for each option's gang."""
    need = options["units"].to_numpy() * scope.kw[options["sku"].to_numpy()] / KW_PER_MW * (1 - TOLERANCE)
    halls, domain = scope.halls, scope.hall_domain
    room_mw = pd.DataFrame(np.where(scope.housed, halls["it_mw"].to_numpy(float)[:, None], 0.0))  # of each hall for each SKU
    order = halls.groupby(domain).cumcount().to_numpy()
    grid = np.full((len(scope.domains), int(order.max(initial=0)) + 1, len(scope.skus)), np.inf)
    grid[domain, order] = room_mw.groupby(domain).cumsum().to_numpy()
    position = (grid[options["domain"].to_numpy(), :, options["sku"].to_numpy()] < need[:, None]).sum(axis=1)
    row_of = np.zeros(grid.shape[:2], np.int64)
    row_of[domain, order] = np.arange(len(halls))
    return row_of[options["domain"].to_numpy(), position]
