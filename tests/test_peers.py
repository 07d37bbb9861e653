"""The comparison with other solvers is fair: every peer finds enumerated optima, and nobody's claim is believed."""

from __future__ import annotations

import hashlib
import importlib.util
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers import child, harness, table
from benchmarks.peers.integers import to_integers
from benchmarks.peers.problem import Problem, Rejected, evaluate
from benchmarks.peers.reading import entries, from_case
from benchmarks.peers.solvers import SOLVERS
from benchmarks.peers.solvers.rebalancer import greedy_start
from benchmarks.peers.task import AGGREGATED, PLAIN, STRONG, Answer, NotApplicableError
from placement.bench.suites import Known, PublishedFile
from placement.errors import OptionError
from placement.instances import read_instance

PEERS = {"highs": "highspy", "scip": "pyscipopt", "cpsat": "ortools", "cbc": "pulp"}


def made(seed: int, *, siting: bool, whole: bool, decimals: int = 0) -> Problem:
    """Return a random problem of 3 sites and 5 workloads."""
    rng = np.random.default_rng(seed)
    use = np.broadcast_to(rng.integers(2, 7, 5), (3, 5)).astype(float) if siting else rng.integers(2, 7, (3, 5)).astype(float)
    cost = np.round(rng.uniform(5, 30, (3, 5)), decimals)
    opening = np.round(rng.uniform(10, 40, 3), decimals) if siting else np.zeros(3)
    return Problem(cost=cost, use=use.copy(), capacity=rng.integers(10, 16, 3).astype(float), open_cost=opening, siting=siting, whole=whole)


def enumerated(problem: Problem) -> float:
    """Return the optimum: all assignments, or all sets of sites with a transport problem each."""
    m, n = problem.cost.shape
    if problem.whole:
        values = []
        for at in itertools.product(range(m), repeat=n):
            x = np.zeros((m, n))
            x[at, range(n)] = 1
            if ((problem.use * x).sum(1) <= problem.capacity).all():
                values.append((problem.cost * x).sum() + problem.open_cost[x.any(1)].sum())
        return min(values)
    from scipy.optimize import linprog

    values = []
    for opened in itertools.product((0.0, 1.0), repeat=m):
        room = np.kron(np.eye(m), np.ones(n)) * problem.use.ravel()
        done = linprog(problem.cost.ravel(), room, problem.capacity * opened, np.tile(np.eye(n), m), np.ones(n))
        if done.status == 0:
            values.append(done.fun + problem.open_cost @ np.array(opened))
    return min(values)


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize(("siting", "whole", "decimals"), [(False, True, 0), (True, True, 7), (True, False, 3)])
def test_every_peer_finds_the_enumerated_optimum(name: str, siting: bool, whole: bool, decimals: int) -> None:
    """With and without the ``x <= y`` rows; its bound does not exceed the optimum. One process each: OR-Tools and highspy cannot share one."""
    if not importlib.util.find_spec(PEERS[name]):
        pytest.skip(f"{name} IS NOT TESTED: {SOLVERS[name].install}")
    problem = made(3, siting=siting, whole=whole, decimals=decimals)
    best = enumerated(problem)
    for formulation in SOLVERS[name].formulations(problem):
        found = harness.run(job(formulation, name), problem)
        assert found["status"] == "plan", found
        assert found["value"] == pytest.approx(best, rel=1e-6)
        assert best * (1 - 1e-3) <= found["bound"] <= best * (1 + 1e-6)
        assert found["version"]


def test_cp_sat_says_what_rounding_may_cost_and_what_it_cannot_express() -> None:
    """Rounded costs stay within the stated error for every plan; uses without a common unit are refused."""
    problem = made(1, siting=True, whole=True, decimals=0)
    exact = to_integers(problem)
    assert (exact.scale, exact.error) == (1.0, 0.0)
    thirds = Problem(cost=problem.cost / 3, use=problem.use, capacity=problem.capacity, open_cost=problem.open_cost / 3, siting=True, whole=True)
    data = to_integers(thirds)
    moved = np.zeros_like(thirds.cost)
    moved[data.site, data.workload] = np.abs(data.cost / data.scale - thirds.cost[data.site, data.workload])
    off = moved.max(axis=0).sum() + np.abs(data.open_cost / data.scale - thirds.open_cost).sum()
    assert 0 < off <= data.error * (1 + 1e-12) < 1e-10
    with pytest.raises(NotApplicableError, match="decimals"):
        to_integers(Problem(cost=problem.cost, use=problem.use / 3, capacity=problem.capacity, open_cost=problem.open_cost, siting=True, whole=True))
    with pytest.raises(NotApplicableError, match="unit"):
        to_integers(made(1, siting=False, whole=False))


def test_a_wrong_claim_is_not_believed() -> None:
    """The value is recomputed, an overfull site or a split workload counts as no plan."""
    problem = replace(made(0, siting=True, whole=True), capacity=np.full(3, 12.0))
    x = np.zeros((3, 5))
    x[[0, 0, 1, 1, 2], range(5)] = 1
    judged = child.judge(problem, Answer("optimal", x, claimed=1.0, bound=-3.5))
    assert judged["value"] == problem.cost[[0, 0, 1, 1, 2], range(5)].sum() + problem.open_cost.sum() and judged["claimed"] == 1.0
    assert judged["bound"] == -3  # values are integers
    crowd = np.zeros((3, 5))
    crowd[0] = 1
    assert child.judge(problem, Answer("optimal", crowd, claimed=1.0))["status"] == "rejected"
    for wrong, why in ((x * 0.5, "whole"), (np.zeros((3, 5)), "exactly one"), (np.full((3, 5), np.nan), "NaN"), (x.T, "shape")):
        with pytest.raises(Rejected, match=why):
            evaluate(problem, wrong)


def test_shares_are_judged_to_the_tolerance_of_the_solvers() -> None:
    """Dust opens no site, missing shares and real overflow are refused."""
    problem = replace(made(0, siting=True, whole=False), capacity=np.full(3, 12.0))
    x = np.zeros((3, 5))
    x[[0, 0, 1, 1, 2], range(5)] = 1
    dusty = x.copy()
    dusty[2, 0], dusty[0, 0] = 1e-9, 1 - 1e-9
    assert evaluate(problem, dusty) == pytest.approx(evaluate(problem, x), rel=1e-12)
    with pytest.raises(Rejected, match="add up"):
        evaluate(problem, x * 0.999)
    forbidden = Problem(
        cost=np.where(x > 0, np.inf, problem.cost), use=problem.use, capacity=problem.capacity, open_cost=problem.open_cost, siting=True, whole=False
    )
    with pytest.raises(Rejected, match="forbidden"):
        evaluate(forbidden, x)


def job(formulation: str = PLAIN, solver: str = "highs", limit: float = 20.0) -> dict[str, object]:
    """Return a job as the harness writes it."""
    return {
        "instance": "set/x", "model": "gap", "solver": solver, "formulation": formulation, "time_limit_s": limit, "cores": 1, "gap": 1e-6, "seed": 0,
        "grace_s": 1.0, "source": {}, "python": "",
    }  # fmt: skip


def test_a_run_is_a_process_of_its_own() -> None:
    """A plan comes back judged, a solver that is not there is named, and a failure is a record with the last words."""
    problem = made(0, siting=False, whole=True)
    result = harness.run(job(), problem)
    assert result["status"] == "plan" and result["value"] == enumerated(problem) == result["bound"] and result["peak_gb"] > 0
    assert harness.run(job(solver="rebalancer") | {"python": "no-such-python"}, problem)["status"] == "failed"
    if not importlib.util.find_spec("rebalancer"):
        assert harness.run(job(solver="rebalancer"), problem)["status"] == "not installed"


def test_a_run_that_does_not_stop_is_killed() -> None:
    """The alarm clock ends it, whatever it is doing: no plan."""
    result = harness.run(job(limit=-0.999) | {"grace_s": 1.0}, made(0, siting=False, whole=True))  # one millisecond from the start
    assert result["status"] == "no plan" and "killed" in result["says"] and result["value"] is None


def known(value: float, proven: bool = True, bound: float = 0.0) -> Known:
    """Return an entry."""
    file = PublishedFile(file="f", format="gap", sha256="", url="")
    return Known(instance="set/x", model="gap", sites=3, workloads=5, capacity=None, value=value, bound=bound, proven=proven, file=file, source="")


def test_what_cannot_be_true_is_said() -> None:
    """Better than a proven optimum, or a bound above a known value."""
    fine = harness.record(job(), {"status": "plan", "value": 100.0, "bound": 100.0}, known(100.0), "s")
    assert fine["proven"] and fine["gap_to_best"] == 0 and not fine["alarms"]
    assert harness.record(job(), {"status": "plan", "value": 99.0, "bound": 90.0}, known(100.0), "s")["alarms"]
    assert harness.record(job(), {"status": "plan", "value": 110.0, "bound": 101.0}, known(100.0), "s")["alarms"]
    assert not harness.record(job(), {"status": "plan", "value": 99.0, "bound": 90.0}, known(100.0, proven=False, bound=95.0), "s")["alarms"]


def test_tables_take_the_better_form_and_count_failures(tmp_path: Path) -> None:
    """No plan counts as 100 %; instances that one solver has not seen are left out and counted; rewriting keeps the rest of the page."""

    def line(solver: str, form: str, value: float | None, instance: str = "yang/p1") -> dict[str, object]:
        result = {"status": "plan" if value else "no plan", "value": value, "bound": 90.0, "version": "1"}
        return harness.record(job(form, solver) | {"instance": instance, "model": "sscflp"}, result, known(100.0), "s")

    lines = [line("highs", STRONG, 150.0), line("highs", AGGREGATED, 101.0), line("scip", STRONG, None), line("scip", STRONG, 100.0, "yang/p2")]
    shown = table.show(lines)
    assert "| SSCFLP yang | 1 | 1.000% | 100.000% (1 without a plan) |" in shown
    assert table.family({"model": "gap", "instance": "yagiura2004/d401600"}) == "GAP type D"
    assert table.family({"model": "cflp", "instance": "tbed1/i300_1"}) == "CFLP tbed1 i300"
    asked, nothing = job(STRONG, "scip") | {"instance": "yang/p1", "model": "sscflp"}, {"status": "failed", "value": None, "bound": None}
    failed = harness.record(asked, nothing, known(100.0), "s")
    assert "100.000% (1 without a plan)" in table.show([*lines[:2], failed]) and "failed, no bound" in table.show([*lines[:2], failed])
    assert "1 instance not yet run by all" in shown and "50.000%, bound 10.00%" in shown
    page = tmp_path / "README.md"
    page.write_text("# Head\n\nkept\n")
    table.write_readme(lines, page)
    once = page.read_text()
    table.write_readme(lines, page)
    assert page.read_text() == once and once.startswith("# Head\n\nkept\n") and shown in once


def test_a_published_file_becomes_the_arrays_that_it_holds(tmp_path: Path) -> None:
    """Sites and workloads keep the file's order; costs, uses, capacities and opening costs are the file's numbers."""
    path = tmp_path / "p"
    path.write_text("2 3\n10 100\n20 200\n4 5 6\n1 2 3\n7 8 9\n")
    whole = from_case(read_instance(path, "holmberg", model="sscflp"))
    assert whole.whole and whole.siting and whole.cost.tolist() == [[1, 2, 3], [7, 8, 9]] and whole.use.tolist() == [[4, 5, 6]] * 2
    assert whole.capacity.tolist() == [10, 20] and whole.open_cost.tolist() == [100, 200]
    whole.save(tmp_path / "a.npz")
    back = Problem.load(tmp_path / "a.npz")
    assert (back.cost == whole.cost).all() and back.sites == whole.sites and back.whole and back.siting
    assert not from_case(read_instance(path, "holmberg", model="cflp")).whole


def test_instances_are_picked_by_name_in_the_order_asked_for() -> None:
    """A name that means two problems must say which."""
    assert [e.model for e in entries("all", ["cflp:tbed1/i500_3", "gap:d20200"])] == ["cflp", "gap"]
    with pytest.raises(OptionError, match="2 such instances"):
        entries("all", ["tbed1/i500_3"])


def test_the_greedy_start_keeps_to_the_capacities() -> None:
    """It is where the local search begins."""
    problem = made(0, siting=False, whole=True)
    at = greedy_start(problem)
    assert at is not None
    x = np.zeros((3, 5))
    x[at, range(5)] = 1
    assert evaluate(problem, x) >= enumerated(problem)


def test_the_command_records_resumes_and_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One command: a file in, lines out; a second time with ``--resume`` nothing runs; a solver that is not there is not passed over in silence."""
    content = b"2 3\n1 9 1\n9 1 9\n1 1 1\n1 1 1\n2 2\n"
    (tmp_path / "f").write_bytes(content)
    entry = replace(known(3.0), file=PublishedFile(file="f", format="gap", sha256=hashlib.sha256(content).hexdigest(), url=""))
    monkeypatch.setattr(command, "entries", lambda suite, only: [entry])
    out = tmp_path / "out.jsonl"
    asked = ["smoke", "--instances", str(tmp_path), "--out", str(out), "--time-limit", "20", "--solvers"]
    assert command.main([*asked, "highs"]) == 0
    line = json.loads(out.read_text())
    assert (line["value"], line["bound"], line["proven"], line["alarms"]) == (3.0, 3.0, True, [])
    monkeypatch.setattr(command, "run", lambda *_: {"status": "not installed"})
    assert command.main([*asked, "highs", "--resume"]) == 0
    assert command.main([*asked, "highs,scip", "--resume"]) == command.MISSING
    assert "NOT COMPARED WITH: scip (pip install pyscipopt)" in capsys.readouterr().err
    assert len(out.read_text().splitlines()) == 1
    (tmp_path / "f").write_bytes(content.replace(b"9", b"8"))
    assert command.main([*asked, "highs"]) == 1
    assert "is not the published f" in capsys.readouterr().err


def test_results_of_an_earlier_run_are_found_again(tmp_path: Path) -> None:
    """``--resume`` knows a run by what was asked for."""
    path = tmp_path / "peers.jsonl"
    written = harness.record(job(), {"status": "plan", "value": 100.0, "bound": 1.0}, known(100.0), "s")
    path.write_text(json.dumps(written) + "\n")
    assert harness.key(harness.read_lines(path)[0]) == harness.key(job()) and harness.read_lines(tmp_path / "none") == []


def test_the_bound_by_columns_is_the_full_linear_programs() -> None:
    """Both ways of the comparison of LP bounds find the same number, and a record says how they compare."""
    from benchmarks.scale.lp_bound import by_columns, by_highs, generate

    problem = generate(25, 30, 5.0, seed=1)
    ours, theirs = by_columns(problem, 30.0), [by_highs(problem, method, 30.0) for method in ("simplex", "ipm")]
    assert ours["converged"] and ours["columns"] < problem.cost.size
    assert [r["value"] for r in theirs] == pytest.approx([ours["bound"]] * 2, rel=1e-6)
    assert problem.capacity.sum() == pytest.approx(5 * problem.use[0].sum(), rel=0.01)
