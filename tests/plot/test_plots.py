"""Figures of plans: what they draw is what the plan holds, and what a case has not got is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import placement
from placement.engine import Status
from placement.errors import OptionError
from placement.plan.plan import Plan
from placement.plot import PlanPlots

FIGURES = [name for name in dir(PlanPlots) if not name.startswith("_")]


@pytest.fixture(scope="session")
def small(three_sites: Path, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """frontier-small, solved, written and read back."""
    case = placement.read_case(three_sites.parent / "frontier-small")
    return placement.read_plan(placement.write_plan(placement.solve(case, time_limit_s=20, rel_gap=0.05), tmp_path_factory.mktemp("small") / "run"))


@pytest.fixture(scope="session")
def campuses(three_sites: Path) -> Plan:
    """A published instance, solved."""
    case = placement.read_instance(three_sites.parent / "instances" / "four-campuses.txt", "orlib-cap", model="cflp")
    return placement.solve(case, time_limit_s=20)


@pytest.fixture(params=["three-sites", "frontier-small"])
def plan(request, solved) -> Plan:
    """Two plans, one of them read back from a run folder."""
    return solved.plan if request.param == "three-sites" else request.getfixturevalue("small")


def words(figure: Figure) -> str:
    """The heading of the first axes, with the line under it."""
    ax = figure.axes[0]
    return " | ".join([ax.get_title(loc="left"), *(t.get_text() for t in ax.texts)]).replace("\u202f", " ")


def heights(figure: Figure) -> np.ndarray:
    """Sum of the bars at each position of the first axes, shape (n_positions,)."""
    bars = [[bar.get_height() for bar in group] for group in figure.axes[0].containers]
    return np.sum(bars, axis=0)


def axes() -> object:
    """Fresh axes of a figure of one's own."""
    return Figure().add_subplot()


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_standard_and_draws(plan, name, tmp_path):
    """Each returns matplotlib's own figure that saves without a complaint, shows in a notebook, and says something in its title."""
    before = dict(mpl.rcParams)
    figure = getattr(plan.plot, name)()
    assert isinstance(figure, Figure)
    figure.savefig(tmp_path / "figure.png", dpi=40)
    figure.savefig(tmp_path / "figure.svg")
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert len(words(figure)) > 20
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_into_given_axes(solved, name):
    """With ``ax`` nothing new is made, and the figure of the axes comes back."""
    ax = axes()
    assert getattr(solved.plan.plot, name)(ax=ax) is ax.figure
    assert ax.figure.axes[0] is ax and ax.has_data()
    with pytest.raises(TypeError, match="ax must be matplotlib axes, not int"):
        getattr(solved.plan.plot, name)(ax=3)


def test_bars_of_power_add_up_to_the_load(plan):
    """All sites: in each period the bars reach the load of the block that is shown, and the line the energised power."""
    figure = plan.plot.power()
    energy = plan.energy.groupby(["period", "block"])["mw"].sum()
    for t, height in zip(plan.case.periods, heights(figure), strict=True):
        assert np.isclose(height, energy[t]).any()
    assert "all sites together" in words(figure)


def test_power_of_one_site_and_block(plan):
    """A site alone, in a block that is asked for: by source, as in the plan's table."""
    site, block = str(plan.energy["site"].iloc[0]), plan.case.blocks[0].name
    figure = plan.plot.power(site, block=block)
    rows = plan.energy.loc[(plan.energy["site"] == site) & (plan.energy["block"] == block)]
    load = rows.groupby("period")["mw"].sum().reindex(plan.case.periods, fill_value=0.0)
    assert heights(figure) == pytest.approx(load.to_numpy())
    assert f"block {block}" in words(figure)


def test_power_line_is_what_is_available(solved):
    """three-sites: Alpha has 15 MW; Beta's 30 MW come with its hall; the whole has the sum."""
    line = next(p for p in solved.plan.plot.power("alpha").axes[0].patches if p.get_label() == "available")
    assert line.get_data().values.tolist() == [15.0, 15.0, 15.0]
    line = next(p for p in solved.plan.plot.power().axes[0].patches if p.get_label() == "available")
    assert line.get_data().values.tolist() == [18.0, 18.0, 48.0]


def test_unknown_sites_and_blocks_are_named(solved):
    """A wrong id gets one clear error, with the nearest right one."""
    with pytest.raises(OptionError, match=r"there is no site 'alpah'. Did you mean 'alpha'"):
        solved.plan.plot.power("alpah")
    with pytest.raises(OptionError, match="there is no block 'night'"):
        solved.plan.plot.power(block="night")


def test_progress_is_monotone_and_ends_at_the_plan(plan):
    """The best plan never gets worse, the bound never falls, and the last plan is the plan."""
    lines = {line.get_label(): line for line in plan.plot.progress().axes[0].lines}
    best, bound = (np.asarray(lines[name].get_ydata()) for name in ("best plan", "bound"))
    assert (np.diff(best[~np.isnan(best)]) <= 0).all() and (np.diff(bound[~np.isnan(bound)]) >= 0).all()
    assert (np.diff(lines["bound"].get_xdata()) >= 0).all()
    assert best[-1] == pytest.approx(plan.objective, rel=1e-9)
    assert not (bound > best + 1e-6 * abs(plan.objective)).any()


def test_a_published_instance_has_progress_only(campuses):
    """It has no dates and no power; progress is in the file's own unit."""
    assert campuses.plot.progress().axes[0].get_ylabel().startswith("objective")
    for name in set(FIGURES) - {"progress"}:
        with pytest.raises(OptionError, match=f"no figure '{name}', as a case with pairs has no dates, places and power"):
            getattr(campuses.plot, name)()


def test_without_a_plan_or_progress_it_says_so(solved):
    """No plan: its status; nothing recorded: that."""
    none = replace(solved.plan, status=Status.NO_PLAN, tables={}, progress=())
    for name in set(FIGURES) - {"progress"}:
        with pytest.raises(OptionError, match="three-sites has no plan to plot: its status is no plan"):
            getattr(none.plot, name)()
    with pytest.raises(OptionError, match="no plan and no bound were recorded"):
        none.plot.progress()


def test_matplotlib_is_asked_for_by_name(python, solved):
    """Without matplotlib a plan still prints; a figure says which extra brings it. Nothing loads matplotlib before a figure is asked for."""
    code = (
        f"import sys, placement\nplan = placement.read_plan({str(solved.run)!r})\nprint(plan.plot)\nassert plan._repr_html_()\n"
        "assert 'matplotlib' not in sys.modules\nsys.modules['matplotlib'] = None\n"
        "try:\n    plan.plot.progress()\nexcept placement.OptionError as error:\n    print(error)"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert "progress" in done.stdout and done.stdout.endswith("\nplots need the package matplotlib; pip install 'placement[plot]'\n")


def test_figures_belong_to_no_global_state(solved):
    """However many are drawn, pyplot holds none of them."""
    from matplotlib import pyplot

    for _ in range(3):
        solved.plan.plot.power()
    assert pyplot.get_fignums() == []
