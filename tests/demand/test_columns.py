"""The arrays of demand columns against the same columns made by plain loops."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from placement.case import Case, read_case
from placement.demand import build_demand
from placement.demand.registry import Demand
from placement.rules import Scope
from tests.demand.loops import Column, Columns, columns_by_loops
from tests.oracle.random_cases import random_case

THREE_SITES = Path(__file__).parents[2] / "data" / "three-sites"
CASES = ["three-sites", *range(100)]

Key = tuple[Any, ...]


@functools.cache
def case_of(name: str | int) -> Case:
    """Return a random case by seed, or the committed one."""
    return random_case(name) if isinstance(name, int) else read_case(THREE_SITES)


@functools.cache
def loops(name: str | int) -> Columns:
    """Return the columns made by loops; each case is done once per run."""
    return columns_by_loops(case_of(name))


@functools.cache
def built(name: str | int) -> Demand:
    """Return the columns made of arrays."""
    return build_demand(Scope(case_of(name)))


def resource(scope: Scope, key: tuple[Any, ...]) -> Key:
    """Return a decoded resource in the planner's ids."""
    kind, *i = key
    named: dict[str, Key] = {
        "compute": (scope.domains, scope.skus), "serve": (scope.sites, scope.skus), "power": (scope.sites,),
        "firm": (scope.sites, scope.levels), "fibre": (scope.case["links"]["link"],),
    }  # fmt: skip
    return (kind, *(named[kind][n][x] if n < len(named[kind]) else x for n, x in enumerate(i)))


def names(scope: Scope, demand: Demand) -> list[Key]:
    """Return the name of every column, as the loops write it."""
    ids = {t: scope.case[t + "s"][t].tolist() for t in ("job", "service", "metro", "site", "sku")} | {"domain": list(scope.domains)}
    parts = {
        "training": ("job", "domain", "sku", "start"),
        "inference": ("service", "metro", "period", "site", "sku"),
        "unserved": ("service", "metro", "period"),
    }
    return [
        (kind, *(ids[c][row[c]] if c in ids else row[c] for c in parts[kind])) for kind, _, frame in demand.columns.blocks() for row in frame.to_dict("records")
    ]


def as_columns(scope: Scope, demand: Demand) -> dict[Key, Column]:
    """Return the arrays as named columns; fails where a name occurs twice or an entry is repeated."""
    c, name = demand.columns, names(scope, demand)
    labels = c.serve["label"].tolist()
    cost = [{term: float(v[j]) for term, v in c.cost_musd.items() if v[j] != 0} for j in range(len(c))]
    out = {n: Column(cost[j], int(c.paid[j]), (labels[c.serve_row[j]],)) for j, n in enumerate(name)}
    assert len(out) == len(name)
    for row, col, value in zip(c.use.row, c.use.col, c.use.value, strict=True):
        key = resource(scope, demand.resources.decode(int(row)))
        assert key not in out[name[col]].use
        out[name[col]].use[key] = float(value)
    return out


def rounded(use: dict[Key, float]) -> dict[Key, float]:
    """Return the uses that are not nil."""
    return {k: v for k, v in use.items() if v > 0}


@pytest.mark.parametrize("name", CASES)
def test_columns_equal_those_of_the_loops(name: str | int) -> None:
    """The same columns, and each with the same cost, date of payment, use of resources and serve row."""
    case = case_of(name)
    scope = Scope(case)
    expected, demand = loops(name), built(name)
    found = as_columns(scope, demand)
    assert found.keys() == expected.columns.keys()
    serves: dict[Key, set[Key]] = defaultdict(set)
    for key, column in expected.columns.items():
        assert found[key].use == pytest.approx(rounded(column.use)), key
        assert found[key].cost == pytest.approx({t: v for t, v in column.cost.items() if v != 0}), key
        assert found[key].paid == column.paid
        serves[column.serve].add(found[key].serve)
    assert all(len(labels) == 1 for labels in serves.values())
    assert len(set.union(set(), *serves.values())) == len(serves)
    integer = [n[0] == "training" for n in names(scope, demand)]
    assert demand.columns.integer.tolist() == integer


@pytest.mark.parametrize("name", CASES)
def test_serve_rows(name: str | int) -> None:
    """Mandatory jobs and all demand are served exactly once, other jobs at most once; no demand, no row."""
    case = case_of(name)
    rows = built(name).columns.serve.set_index("label")
    jobs = {f"place_once[{j.job}]": (1.0 if j.mandatory else 0.0, 1.0) for j in case["jobs"].itertuples()}
    wanted = case["demand"][case["demand"]["mtok_per_day"] > 0]
    served = {f"meet_demand[{d.service},{d.metro},{case.periods[d.period]}]": (1.0, 1.0) for d in wanted.itertuples()}
    assert {r.Index: (r.lower, r.upper) for r in rows.itertuples()} == jobs | served


@pytest.mark.parametrize("name", CASES)
def test_exclusions_name_a_rule_that_forbids(name: str | int) -> None:
    """Every option without a column is excluded once, by a rule that the loops find broken; counts of pairs add up."""
    expected, found = loops(name), built(name).exclusions
    pairs: Counter[tuple[str, str]] = Counter((k[1], k[3]) for k in expected.forbidden if k[0] == "pair")
    seen: Counter[tuple[str, str]] = Counter()
    options = {(k[1], k[2], k[3]): rules for k, rules in expected.forbidden.items() if k[0] != "pair"}
    for e in found.itertuples():
        if e.sku:
            assert e.rule in options[e.workload, e.place, e.sku]
            assert e.n == 1
        else:
            rules = [rules for k, rules in expected.forbidden.items() if k[0] == "pair" and (k[1], k[3]) == (e.workload, e.place)]
            assert sum(e.rule in r for r in rules) >= e.n
            seen[e.workload, e.place] += e.n
    assert seen == pairs
    assert {(e.workload, e.place, e.sku) for e in found.itertuples() if e.sku} == options.keys()
    assert len(found[found["sku"] != ""]) == len(options)


def expected_requires(out: Columns) -> dict[tuple[str, str, int], tuple[str, str]]:
    """Return the hall that gates each (job, domain, period): the first with which the domain is large enough."""
    gates: dict[tuple[str, str, int], tuple[str, str]] = {}
    for job, domain in {(k[1], k[2]) for k in out.columns if k[0] == "training"}:
        halls, best = out.domains[domain], len(out.domains[domain])
        for k in {k[3] for k in out.columns if k[:3] == ("training", job, domain)}:
            sku = out.row("skus", sku=k)
            column = next(c for n, c in out.columns.items() if n[:4] == ("training", job, domain, k))
            need = max(v for r, v in column.use.items() if r[0] == "compute") * sku["kw_per_unit"] / 1000
            mw = np.cumsum([h["it_mw"] if sku["cooling"] == "air" or h["cooling"] == "liquid" else 0.0 for h in halls])
            best = min(best, int(np.flatnonzero(mw >= need * (1 - 1e-9))[0]))
        starts = [n[4] for n in out.columns if n[:3] == ("training", job, domain)]
        if not halls[best]["existing"]:
            gates |= {(job, domain, t): (halls[best]["site"], halls[best]["hall"]) for t in range(min(starts), max(starts) + 1)}
    return gates


@pytest.mark.parametrize("name", CASES)
def test_requires_rows(name: str | int) -> None:
    """Each row holds all columns of its job and domain that start by its period, and the first hall that is large enough."""
    scope, demand, out = Scope(case_of(name)), built(name), loops(name)
    column = names(scope, demand)
    members: dict[int, set[Key]] = defaultdict(set)
    for row, col, value in zip(demand.columns.requires.row, demand.columns.requires.col, demand.columns.requires.value, strict=True):
        assert value == 1.0
        members[int(row)].add(column[col])
    found = {}
    for row, code in enumerate(demand.columns.requires_decision):
        _, hall, t = demand.decisions.decode(int(code))
        (job, domain), *others = {k[1:3] for k in members[row]}
        assert not others
        assert members[row] == {k for k in out.columns if k[:3] == ("training", job, domain) and k[4] <= t}
        found[job, domain, t] = tuple(scope.halls.loc[hall, ["site", "hall"]])
    assert found == expected_requires(out)


def test_random_cases_reach_every_rule() -> None:
    """The cases above are worth something: together they exclude by every rule there is."""
    rules = {rule.split(":")[0] for seed in range(100) for rule in built(seed).exclusions["rule"]}
    assert rules == {"residency", "export", "cooling", "memory", "firmness", "goodput", "size", "power", "dates", "latency", "chips"}


@pytest.mark.parametrize("name", CASES)
def test_exclusions_are_typed(name: str | int) -> None:
    """Counts are whole numbers even where nothing is excluded, so that sums and rankings work."""
    assert built(name).exclusions["n"].dtype == np.int64
