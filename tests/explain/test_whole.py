"""Bottleneck layers, alternatives and what building buys, on a tiny case and on data/frontier-small."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest

import placement
from placement.explain.base import Base
from placement.explain.existing import without_builds
from placement.explain.layers import STEP, layers_of
from placement.explain.unused import columns_of, unused
from placement.program import assemble, build_sides
from placement.solving import solve
from tests.explain.conftest import ROOT
from tests.layers.small import small_case


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return solve(small_case(tmp_path_factory.mktemp("small")), rel_gap=0.0)


def test_relief_is_worth_what_a_solve_from_scratch_says(small):
    """Every layer of the tiny case: the value is the difference to the relaxed case solved on its own."""
    table = placement.bottlenecks(small, effort=placement.Effort(rel_gap=0.0))
    assert list(table["layer"]) and (table["value_musd"].diff().dropna() <= 1e-9).all()
    for row in table.itertuples():
        layer = next(one for one in layers_of(small.case) if one.name == row.layer)
        fresh = solve(layer.edit(small.case, None), rel_gap=0.0)
        assert row.value_musd == pytest.approx(small.objective - fresh.objective, abs=1e-5)
        assert row.at_least_musd - 1e-6 <= row.value_musd <= row.at_most_musd + 1e-6


def test_a_layer_that_is_relaxed_changes_only_what_it_names(small):
    """Ten per cent more MW in the grid's tiers, at one site: the other sites keep theirs."""
    grid = next(one for one in layers_of(small.case) if one.name == "grid")
    site = small.case["grid"]["site"].iloc[0]
    before, after = small.case["grid"], grid.edit(small.case, site)["grid"]
    assert np.allclose(after["mw"], before["mw"] * np.where(before["site"] == site, 1 + STEP, 1.0))
    assert all(layer.edit(small.case, None) is not small.case for layer in layers_of(small.case))


def test_two_reliefs_are_never_worth_less_than_one(small):
    """Pairs are at least as good as each part, and the complement is what is beyond the sum."""
    table = placement.bottlenecks(small, together=True, effort=placement.Effort(rel_gap=0.0))
    alone = table[table["with_layer"] == ""].set_index("layer")["value_musd"]
    for row in table[table["with_layer"] != ""].itertuples():
        assert row.value_musd >= max(alone[row.layer], alone[row.with_layer]) - 1e-6
        assert row.complement_musd == pytest.approx(row.value_musd - alone[row.layer] - alone[row.with_layer])


def test_an_unknown_layer_is_refused(small):
    with pytest.raises(placement.OptionError, match="has no layer 'gird'"):
        small.bottlenecks(["gird"])


def test_verdicts_are_those_of_all_plans_within_the_slack(small):
    """Each decision made the other way by a solve of its own: some plan within the slack, or none."""
    slack = 0.05
    found = placement.alternatives(small, slack, effort=placement.Effort(rel_gap=0.0))
    base, most = Base.of(small), small.objective + slack * abs(small.objective)
    from placement.engine import Progress, solve_program
    from placement.explain.decisions import Decisions
    from placement.options import SolveOptions

    known = Decisions.of(base)
    assert found.decisions["proven"].all()
    for d, row in enumerate(found.decisions.itertuples()):
        other = solve_program(known.flipped(d, base.program, not row.taken), SolveOptions(rel_gap=0.0), Progress(30))
        assert (row.verdict == "some") == (other.objective <= most + 1e-9), row
    assert (found.plans["cost_musd"] <= most + 1e-6).all()
    assert (found.distance == found.distance.T).all() and (found.distance[0, 1:] == found.plans["differs_in"].iloc[1:]).all()


def test_what_was_tried_in_vain_is_not_called_proven(small, monkeypatch):
    """Where neither a plan nor a bound is found for a decision, it is tried once, and nothing is claimed of it."""
    from placement.explain import near_best

    tried: list[int] = []

    class Vain:
        """A pool whose workers find nothing."""

        workers = 1

        def run(self, ask, questions):
            if ask is near_best._moved:
                return [None] * len(questions)
            tried.extend(q[4] for q in questions)
            return [(None, -math.inf)] * len(questions)

    monkeypatch.setattr(near_best, "Pool", lambda _: contextlib.nullcontext(Vain()))
    monkeypatch.setattr(near_best, "proven_bound", lambda *_: -math.inf)
    monkeypatch.setattr(near_best.Screen, "bound", lambda *_: -math.inf)
    found = placement.alternatives(small, 0.05)
    assert not found.decisions["proven"].any()
    assert len(tried) == len(found.decisions)


def test_nonsense_slack_is_refused(small):
    with pytest.raises(placement.OptionError, match="slack must lie between 0 and 1"):
        small.alternatives(0.0)


def test_without_building_nothing_new_stands(small):
    """The plan without building is that of a program in which no decision to build may be taken; its figures stand beside the plan's."""
    answer = placement.expansion(small, effort=placement.Effort(rel_gap=0.0))
    program, _ = assemble(build_sides(small.case))
    from placement.engine import Progress, solve_program
    from placement.options import SolveOptions

    alone = solve_program(without_builds(program), SolveOptions(rel_gap=0.0), Progress(30))
    assert answer.value_musd == pytest.approx(alone.objective - small.objective, abs=1e-6)
    assert answer.at_least_musd - 1e-6 <= answer.value_musd <= answer.at_most_musd + 1e-6


def test_a_case_with_nothing_to_build_is_told():
    program, _ = assemble(build_sides(placement.read_case(ROOT / "data" / "rent-only")))
    with pytest.raises(placement.OptionError, match="nothing to build"):
        without_builds(program)


def test_frontier_small_as_the_readme_has_it(frontier_small):
    """The example of the documentation: latency and residency limit the whole, chips a little; building one hall is worth half of the value."""
    table = frontier_small.bottlenecks(["latency", "residency", "chips"], effort=placement.Effort(time_limit_s=20)).set_index("layer")
    assert list(table.index) == ["latency", "residency", "chips"]
    assert table["value_musd"].tolist() == pytest.approx([5771.7, 4913.4, 101.1], rel=0.005)
    answer = frontier_small.expansion(effort=placement.Effort(time_limit_s=20))
    assert answer.value_musd == pytest.approx(12_738.8, rel=0.002)
    assert answer.kpis.set_index("kpi").loc["it_mw_built", "plan"] == pytest.approx(200.0)


def test_plans_that_differ_are_told_as_moves(small):
    """What is said of each plan is what it does otherwise: jobs by where they go, all else by what is added and left."""
    found = placement.alternatives(small, 0.05, effort=placement.Effort(rel_gap=0.0))
    jobs = found.decisions[found.decisions["kind"] == "job at site"]["decision"].str.partition(" @ ")
    assert found.plans["changes"].iloc[0] == "" and len(found.plans) > 1
    for row in found.plans.iloc[1:].itertuples():
        parts = row.changes.split("; ")
        moves = [p for p in parts if p.startswith("job ") and " -> " in p]
        assert all(p[0] in "+-" for p in parts if p not in moves)
        sides = [side for p in moves for side in p.partition(": ")[2].split(" -> ")]
        assert all(side == "not placed" or set(side.split(", ")) <= {*jobs[2]} for side in sides)
        assert len(parts) - len(moves) + sum(side != "not placed" for side in sides) == row.differs_in


@pytest.mark.parametrize(("questions", "workers", "seconds"), [(10, 2, 15.0), (48, 2, 10.0), (1000, 2, 2.0), (0, 1, 15.0)])
def test_questions_share_the_time_of_an_answer(questions, workers, seconds):
    """All together take 240 s at most, but none less than 2 s."""
    from placement.explain.again import shared

    assert shared(questions, workers, 15.0) == pytest.approx(seconds)


def test_a_question_ends_as_soon_as_it_is_answered(small):
    """A plan that is cheap enough, or a bound that shows that there is none, ends the search; what is said stays true."""
    from placement.explain.again import Effort, solve_edited
    from placement.explain.decisions import Decisions

    base, effort = Base.of(small), Effort(rel_gap=0.0)
    known = Decisions.of(base)
    for d in range(len(known.table)):
        program = known.flipped(d, base.program, not known.of_point(base.x)[d])
        best = solve_edited(program, base.x, None, effort)
        for slack in (0.001, 0.05, 0.5):
            most = small.objective + slack * abs(small.objective)
            found = solve_edited(program, base.x, small.proof, effort, most)
            assert found.bound <= best.objective + 1e-6 * max(1.0, abs(best.objective))
            assert (found.objective <= most) == (best.objective <= most)
            assert (found.bound > most) == (best.objective > most)


def test_what_is_taken_for_nothing_is_told_apart(frontier_small):
    """A hall in which nothing stands is no other plan: the same point with it is unused, and one in which something stands is not."""
    base = Base.of(frontier_small)
    columns = columns_of(base)
    halls = [decision for decision in columns if decision[0] == "hall"]
    built = {d: base.x[columns[d]].max() > 0.5 for d in halls}
    x = base.x.copy()
    (empty,) = [d for d in halls if d == ("hall", "camp-dayone-nusajaya s1")]
    assert not built[empty] and any(built.values())
    x[columns[empty]] = base.program.upper[columns[empty]]
    assert unused(base, x, halls, columns) >= {empty}
    assert not unused(base, base.x, [d for d in halls if built[d]], columns)  # the plan's own hall is full of chips


def test_plans_that_differ_differ_in_what_they_use(frontier_small):
    """No two plans are alike but for what they take for nothing; what they take so is told apart and is no change."""
    found = placement.alternatives(frontier_small, 0.01, effort=placement.Effort(time_limit_s=2))
    apart = found.distance[~np.eye(len(found.distance), dtype=bool)]
    assert len(found.plans) > 1 and (apart > 0).all()
    for row in found.plans.itertuples():
        assert not {f"+{one}" for one in row.unused.split("; ") if one} & {*row.changes.split("; ")}
