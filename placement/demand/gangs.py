r"""What the gang of a job is in each fabric domain: units, periods, first and last start, and the rule that forbids it.

.. math:: y = goodput \cdot maturity, \qquad periods = \lceil D\,(U/n)^{e} / y \rceil \ \text{(or } units = \lceil n / y \rceil \text{)}

One option per (row of ``job_skus``, domain) where the width is fixed; one per distinct duration where it is elastic.
See models/README.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.columns import Floats, Ints
from placement.demand.deferral import powered_from, slowdown
from placement.demand.gravity import Gravity
from placement.rules import Scope
from placement.units import HOURS_PER_YEAR, KW_PER_MW

TOLERANCE = 1e-9  # a gang that fills a hall exactly fits
_MIN_GOODPUT = 0.5  # below it a site loses more work than it does: no planner would run there


def gangs(scope: Scope) -> pd.DataFrame:
    """Return every option with its rule ("" if none).

    Columns: ``row`` of ``job_skus``, codes of ``job``, ``domain``, ``sku``; ``nominal`` and effective ``units``; ``periods`` that the gang
    is held; ``goodput``; ``first`` and ``last`` start; ``rule``.
    """
    case, jobs = scope.case, scope.case["jobs"].set_index("job")
    gravity = Gravity.of(scope)
    widths = _widths(scope, gravity)
    rows = case["job_skus"].iloc[widths.row]
    j = jobs.index.get_indexer(pd.Index(rows["job"]))
    of = jobs.iloc[j].reset_index()
    k, site = scope.skus.get_indexer(pd.Index(rows["sku"])), scope.domain_site
    kw, t_end = scope.kw[k], case.n_periods

    goodput, gang, periods = widths.goodput[:, site], widths.units[:, site], widths.periods[:, site]
    it_need: Floats = gang * kw[:, None] / KW_PER_MW * (1 - TOLERANCE)
    mw_need: Floats = it_need * scope.pue_least[site][None, :]

    housed = _first(scope.room_mw[:, k].swapaxes(0, 1), it_need)
    refused = (housed >= t_end) & (scope.refused != "")[None, :] & (it_need <= scope.planned_mw[:, k].T)
    fits = np.maximum(housed, _first(scope.units[:, k].swapaxes(0, 1), gang * (1 - TOLERANCE)))
    powered = powered_from(scope, k, of, it_need)
    firm = _firm_from(scope, of["min_firmness"].to_numpy(float), mw_need)
    first = np.maximum.reduce([fits, powered, firm, np.broadcast_to(of["earliest"].to_numpy()[:, None], fits.shape), gravity.first[j][:, site]])
    last = np.minimum(of["latest"].to_numpy(), t_end - 1)[:, None] - periods + 1

    residency, of_data = _residency(scope, of["residency"]), _residency(scope, gravity.residency.iloc[j])
    export = scope.export["rule_id"].to_numpy().reshape(len(scope.sites), -1)[site][:, k].T
    shape = fits.shape
    rules: list[tuple[NDArray[np.bool_], Any]] = [
        (residency[:, site] != "", np.char.add("residency:", residency[:, site].astype(str))),
        (of_data[:, site] != "", np.char.add("residency:", of_data[:, site].astype(str))),
        (~scope.export_ok[site][:, k].T, np.char.add("export:", export.astype(str))),
        (scope.liquid[k][:, None] & ~scope.liquid_planned[None, :], "cooling"),
        (~scope.housable[:, k].T, "density"),
        (np.broadcast_to((case["skus"]["hbm_gb"].to_numpy()[k] < of["min_hbm_gb"].to_numpy())[:, None], shape), "memory"),
        (scope.fabric_gbps[None, :] < of["min_fabric_gbps"].to_numpy(float)[:, None], "fabric"),
        (goodput <= _MIN_GOODPUT, "goodput"),
        (refused, np.char.add("refused:", scope.refused.astype(str))),
        (scope.liquid[k][:, None] & (scope.liquid_mw[:, -1] == 0)[None, :], "dates"),  # its liquid-cooled halls come too late
        (fits >= t_end, "size"),
        (firm >= t_end, "firmness"),
        (powered >= t_end, "power"),
        (first > last, "dates"),
    ]
    rule = np.select([np.broadcast_to(mask, shape) for mask, _ in rules], [np.broadcast_to(name, shape) for _, name in rules], default="")
    c, f = np.nonzero(widths.real[:, site])
    return pd.DataFrame(
        {
            "row": widths.row[c], "job": j[c], "domain": f, "sku": k[c],
            "nominal": widths.nominal[:, site][c, f], "units": gang[c, f], "periods": periods[c, f], "goodput": goodput[c, f],
            "first": first[c, f], "last": last[c, f], "rule": rule[c, f],
        }
    )  # fmt: skip


@dataclass(frozen=True)
class _Widths:
    """Candidates for the width of a gang: row of ``job_skus`` (n,); all else per candidate and site, shape (n, S)."""

    row: Ints
    nominal: Floats  # units that the scaling curve counts
    units: Floats  # that the gang holds
    periods: Ints
    goodput: Floats
    real: NDArray[np.bool_]  # whether this duration can be reached at the site, and by no fewer units than these


def _widths(scope: Scope, gravity: Gravity) -> _Widths:
    """Return for every row and every duration that its limits reach the least number of units for it."""
    rows = scope.case["job_skus"]
    of = scope.case["jobs"].set_index("job").loc[rows["job"]]
    goodput = _goodput(scope, of) * gravity.streaming[scope.case["jobs"].set_index("job").index.get_indexer(pd.Index(rows["job"]))]
    share = np.maximum(goodput, _MIN_GOODPUT) * rows["maturity"].to_numpy(float)[:, None]
    slower = (of["goodput_by"] == "duration").to_numpy()[:, None]
    units, exponent = rows["units"].to_numpy(float), rows["scaling_exponent"].fillna(1.0).to_numpy(float)
    least, most = (rows[c].where(rows[c] > 0, rows["units"]).to_numpy(float) for c in ("min_units", "max_units"))
    full_time = rows["duration_periods"].to_numpy(float) * slowdown(scope, of)
    work = full_time[:, None] / np.where(slower, share, 1.0)  # periods at the nominal width

    def needed(row: Ints, n: Floats) -> Ints:
        return _ceil(work[row] * (units[row][:, None] / n) ** exponent[row][:, None])

    every = np.arange(len(rows))
    shortest, longest = needed(every, most[:, None]), needed(every, least[:, None])
    low = shortest.min(axis=1, initial=2**31)
    high = np.maximum(shortest, np.minimum(longest, scope.case.n_periods)).max(axis=1, initial=0)  # one that is too long is excluded by name
    row = np.repeat(every, np.maximum(high - low + 1, 0))
    periods = (low[row] + np.arange(len(row)) - np.repeat(np.cumsum(high - low + 1) - (high - low + 1), high - low + 1))[:, None]
    reached = units[row][:, None] * (work[row] / periods) ** (1 / exponent[row][:, None])
    n: Floats = np.clip(_ceil(reached).astype(float), least[row][:, None], most[row][:, None])
    effective = _ceil(n / np.where(slower, 1.0, share)[row]).astype(float)
    real = (needed(row, n) == periods) & (periods <= np.maximum(shortest[row], scope.case.n_periods))
    return _Widths(row, n, effective, np.broadcast_to(periods, n.shape), goodput[row], real)


def _goodput(scope: Scope, jobs: pd.DataFrame) -> Floats:
    """Return the share of time in which a job makes progress, per row of ``jobs`` and site, shape (rows, S)."""
    hours = jobs["loss_hours_per_outage"] + jobs["checkpoint_hours"] / 2 + jobs["restart_hours"]  # the first, or the other two, are given
    return np.asarray(1 - np.multiply.outer(hours.to_numpy(float), scope.case["sites"]["outages_per_year"].to_numpy(float)) / HOURS_PER_YEAR)


def _ceil(x: Floats) -> Ints:
    return np.ceil(x - TOLERANCE).astype(np.int64)


def _first(limit: Floats, need: Floats) -> Ints:
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


_NO_ROOM = ("", "size", "firmness", "power", "dates")  # what is left once every rule on who may run where has had its say


def least_gangs(scope: Scope) -> Floats:
    """Return the fewest units of any gang that the rules allow per domain and SKU, were there room; ``inf`` where there is none, shape (F, K)."""
    options = gangs(scope)
    own = ~scope.case["jobs"]["preemptible"].to_numpy(bool)[options["job"]]  # preemptible ones run on units of services
    room = options["rule"].isin(_NO_ROOM) | options["rule"].str.startswith("refused:")
    options = options[room & own]
    out = np.full((len(scope.domains), len(scope.skus)), np.inf)
    np.minimum.at(out, (options["domain"], options["sku"]), options["units"])
    return out
