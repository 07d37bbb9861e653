r"""Training columns: one per (job, fabric domain, SKU, start), the gang whole and in one domain.

.. math:: \sum_{f,k,\tau} x_{jfk\tau} \le 1 \ (= 1 \text{ if mandatory}), \qquad
          \sum_{k,\,\tau \le t} x_{jfk\tau} \le built_{h(j,f),t}

See models/README.md, section 5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.columns import Columns, Floats, Ints, Keys, Triplets
from placement.demand.deferral import powered_from
from placement.rules import Scope
from placement.units import HOURS_PER_YEAR, KW_PER_MW

_TOL = 1e-9  # a gang that fills a hall exactly fits
_MIN_GOODPUT = 0.5  # below it a site loses more work than it does: no planner would run there


def build_training(scope: Scope, resources: Keys, decisions: Keys) -> tuple[Columns, pd.DataFrame]:
    """Return the columns of all jobs and a table of what each rule excluded."""
    options = _options(scope)
    names = scope.case["job_skus"]
    keep = options["rule"] == ""
    lost = options[~keep]
    exclusions = pd.DataFrame(
        {
            "workload": names["job"].to_numpy()[lost["row"]],
            "place": scope.domains.to_numpy()[lost["domain"]],
            "sku": names["sku"].to_numpy()[lost["row"]],
            "rule": lost["rule"].to_numpy(),
            "n": np.ones(len(lost), np.int64),
        }
    )
    return _columns(scope, options[keep].reset_index(drop=True), resources, decisions), exclusions


def _options(scope: Scope) -> pd.DataFrame:
    """Return every (job_skus row, domain) with its effective gang, first and last start, and the rule that forbids it ("" if none)."""
    case, jobs = scope.case, scope.case["jobs"].set_index("job")
    rows = case["job_skus"]
    of = jobs.loc[rows["job"]].reset_index()
    k, site = scope.skus.get_indexer(pd.Index(rows["sku"])), scope.domain_site
    kw, t_end = scope.kw[k], case.n_periods

    goodput = 1 - np.multiply.outer(of["loss_hours_per_outage"].to_numpy(float), case["sites"]["outages_per_year"].to_numpy(float)) / HOURS_PER_YEAR
    goodput = goodput[:, site]
    gang = np.ceil(rows["units"].to_numpy(float)[:, None] / np.maximum(goodput, _MIN_GOODPUT) - _TOL)
    it_need = gang * kw[:, None] / KW_PER_MW * (1 - _TOL)
    mw_need = it_need * scope.pue_least[site][None, :]

    fits = np.maximum(_first(scope.room_mw[:, k].swapaxes(0, 1), it_need), _first(scope.units[:, k].swapaxes(0, 1), gang * (1 - _TOL)))
    powered = powered_from(scope, k, of["duty"].to_numpy(float), it_need)
    firm = _firm_from(scope, of["min_firmness"].to_numpy(float), mw_need)
    first = np.maximum.reduce([fits, powered, firm, np.broadcast_to(of["earliest"].to_numpy()[:, None], fits.shape)])
    last = np.minimum(of["latest"].to_numpy(), t_end - 1) - rows["duration_periods"].to_numpy() + 1

    residency = _residency(scope, of["residency"])
    export = scope.export["rule_id"].to_numpy().reshape(len(scope.sites), -1)[site][:, k].T
    shape = fits.shape
    rules: list[tuple[NDArray[np.bool_], Any]] = [
        (residency[:, site] != "", np.char.add("residency:", residency[:, site].astype(str))),
        (~scope.export_ok[site][:, k].T, np.char.add("export:", export.astype(str))),
        (scope.liquid[k][:, None] & (scope.liquid_mw[:, -1] == 0)[None, :], "cooling"),
        (np.broadcast_to((case["skus"]["hbm_gb"].to_numpy()[k] < of["min_hbm_gb"].to_numpy())[:, None], shape), "memory"),
        (goodput <= _MIN_GOODPUT, "goodput"),
        (fits >= t_end, "size"),
        (firm >= t_end, "firmness"),
        (powered >= t_end, "power"),
        (first > last[:, None], "dates"),
    ]
    rule = np.select([np.broadcast_to(mask, shape) for mask, _ in rules], [np.broadcast_to(name, shape) for _, name in rules], default="")
    r, f = np.indices(shape).reshape(2, -1)
    return pd.DataFrame(
        {
            "row": r, "job": case["jobs"].set_index("job").index.get_indexer(pd.Index(rows["job"]))[r], "domain": f, "sku": k[r],
            "units": gang.ravel(), "first": first.ravel(), "last": np.broadcast_to(last[:, None], shape).ravel(), "rule": rule.ravel(),
        }
    )  # fmt: skip


def _first(limit: NDArray[np.float64], need: Floats) -> Ints:
    """Return the first period in which a limit (..., T) reaches the need (...); T where it never does."""
    enough = limit >= need[..., None]
    return np.where(enough.any(axis=-1), enough.argmax(axis=-1), limit.shape[-1])


def _firm_from(scope: Scope, asked: Floats, mw_need: Floats) -> Ints:
    """Return the first period in which the site can have enough power of the firmness asked for, shape (rows, F)."""
    out = np.zeros(mw_need.shape, np.int64)
    for i, level in enumerate(scope.levels):
        rows = asked >= level  # a job that asks for more must also pass every lower level
        out[rows] = np.maximum(out[rows], _first(scope.firm_mw[scope.domain_site, i][None], mw_need[rows]))
    return out


def _residency(scope: Scope, classes: pd.Series) -> NDArray[np.object_]:
    """Return the id of the residency rule that denies, "" if none, shape (rows, S)."""
    countries = scope.case["sites"]["country"]
    table = {c: _denials(scope, c, countries) for c in classes.unique()}
    return np.array([table[c] for c in classes], dtype=object).reshape(len(classes), len(countries))


def _denials(scope: Scope, residency_class: str, countries: pd.Series) -> list[str]:
    if not residency_class:
        return [""] * len(countries)
    rulings = [scope.policy.may_run(residency_class, "", country) for country in countries]
    return ["" if r.allowed else r.rule_id for r in rulings]


def _columns(scope: Scope, options: pd.DataFrame, resources: Keys, decisions: Keys) -> Columns:
    """Expand options over start periods and write down cost, use, serve and requires rows."""
    case, jobs = scope.case, scope.case["jobs"]
    options = options.sort_values(["job", "domain", "sku"], kind="stable", ignore_index=True)
    counts = (options["last"] - options["first"] + 1).to_numpy()
    at = np.repeat(np.arange(len(options)), counts)
    start = _ramp(counts) + options["first"].to_numpy()[at]
    frame = options.loc[at, ["row", "job", "domain", "sku", "units"]].reset_index(drop=True)
    frame["start"] = start
    frame["end"] = start + case["job_skus"]["duration_periods"].to_numpy()[frame["row"]] - 1
    requires, decision = _requires(scope, options, at, start, decisions)
    serve = pd.DataFrame({"label": [f"place_once[{j}]" for j in jobs["job"]], "lower": np.where(jobs["mandatory"], 1.0, 0.0), "upper": 1.0})
    return Columns(
        kinds=[("training", frame)],
        cost_musd={"value": -jobs["value_musd"].to_numpy(float)[frame["job"]]},
        paid=frame["end"].to_numpy(np.int64),
        integer=np.ones(len(frame), bool),
        use=_use(scope, frame, resources),
        serve=serve,
        serve_row=frame["job"].to_numpy(np.int64),
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
    need = options["units"].to_numpy() * scope.kw[options["sku"].to_numpy()] / KW_PER_MW * (1 - _TOL)
    halls, domain = scope.halls, scope.hall_domain
    liquid_mw = halls["it_mw"].where(halls["cooling"] == "liquid", 0.0)
    total = np.stack([halls["it_mw"].groupby(domain).cumsum(), liquid_mw.groupby(domain).cumsum()])
    order = halls.groupby(domain).cumcount().to_numpy()
    grid = np.full((2, len(scope.domains), int(order.max(initial=0)) + 1), np.inf)
    grid[:, domain, order] = total
    position = (grid[scope.liquid[options["sku"]].astype(int), options["domain"].to_numpy()] < need[:, None]).sum(axis=1)
    row_of = np.zeros(grid.shape[1:], np.int64)
    row_of[domain, order] = np.arange(len(halls))
    return row_of[options["domain"].to_numpy(), position]
