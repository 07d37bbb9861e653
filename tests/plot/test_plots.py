"""Figures of plans: what they draw is what the plan holds, and what a case has not got is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import placement
from placement.engine import Status
from placement.errors import OptionError
from placement.plan.plan import Plan
from placement.plot import PlanPlots
from placement.report.corridors import spots
from placement.report.maps import SHAPES, looks
from placement.report.style import LIGHT

pytestmark = pytest.mark.filterwarnings("error:constrained_layout not applied")
FIGURES = [name for name in dir(PlanPlots) if not name.startswith("_")]


@pytest.fixture(scope="session")
def small(corner_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """frontier-small, solved, written and read back."""
    return placement.read_plan(placement.write_plan(corner_plan, tmp_path_factory.mktemp("small") / "run"))


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


def test_sites_stand_where_the_case_says(plan):
    """Every site with halls is a mark at its longitude and latitude whose area is its IT capacity; the rest are hollow."""
    ax = plan.plot.map().axes[0]
    case, mw = plan.case["sites"], plan.halls.groupby("site")["it_mw"].sum()
    drawn = {}
    for marks in (c for c in ax.collections if c.get_label() in ("campus", "region", "edge")):
        for (lon, lat), area in zip(marks.get_offsets(), marks.get_sizes(), strict=True):
            drawn[round((lon + 180) % 360 - 180, 6), round(lat, 6)] = drawn.get((lon, lat), 0) + area
    used = case.loc[case["site"].isin(mw.index)]
    assert set(drawn) == {(round(r.lon_deg, 6), round(r.lat_deg, 6)) for r in used.itertuples()}
    alone = used.loc[~used.duplicated(["lon_deg", "lat_deg"], keep=False)]
    areas = np.array([drawn[round(r.lon_deg, 6), round(r.lat_deg, 6)] for r in alone.itertuples()])
    assert areas / areas.max() == pytest.approx((mw[alone["site"]] / mw[alone["site"]].max()).to_numpy())
    hollow = [c for c in ax.collections if c.get_label() == "site without a hall in service"]
    assert sum(len(c.get_offsets()) for c in hollow) == len(case) - len(used)


def test_map_of_a_period_shows_what_stands_then(solved):
    """Beta's hall enters service in 2029: before that its mark is hollow; the flows are those of the period."""
    early, late = (solved.plan.plot.map(period).axes[0] for period in ("2027", 2))
    labels = [[c.get_label() for c in ax.collections] for ax in (early, late)]
    assert "site without a hall in service" in labels[0] and "site without a hall in service" not in labels[1]
    flow = next(c for c in late.collections if c.get_label() == "inference, by Mtok/day")
    ends = {(tuple(np.round(path.vertices[0], 6)), tuple(np.round(path.vertices[-1], 6))) for path in flow.get_paths()}
    assert ends == {((-100, 40), (-99, 41)), ((-78, 35), (-79, 34))}
    loaded = next(c for c in late.collections if c.get_label().startswith("fibre of limited"))
    assert len(loaded.get_paths()) == 1  # alpha-gamma, the only link with a limit
    for wrong in ("2031", 3, True, 1.0):
        with pytest.raises(OptionError, match="the horizon runs from 2027 to 2029, or 0 to 2"):
            solved.plan.plot.map(wrong)


def test_map_has_the_colours_and_the_places_of_the_report(plan):
    """Sites of a kind, fibre and flows look as on the page; fibre ends at places of the case or at the frame, never between."""
    ax = plan.plot.map().axes[0]
    for kind, i in looks(plan.case["sites"]["kind"]).items():
        marks = next((c for c in ax.collections if c.get_label() == kind), None)
        assert marks is None or to_hex(marks.get_facecolor()[0]) == LIGHT[SHAPES[i][1]]
    colours = {"its load": LIGHT["c7"], "other fibre": LIGHT["pipe"], "inference, by Mtok/day": LIGHT["flow"]}
    lines = {c.get_label(): c for c in ax.collections if c.get_label() in colours}
    assert lines and all(to_hex(c.get_color()[0]) == colours[name] for name, c in lines.items())
    known = np.array([(lon % 360, lat) for lat, lon in spots(plan.case).values()])
    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    for path in (p for c in lines.values() for p in c.get_paths()):
        for lon, lat in (path.vertices[0], path.vertices[-1]):
            at_frame = min(abs(lon - west), abs(lon - east), abs(lat - south), abs(lat - north)) < 1e-6
            assert at_frame or np.hypot(*(known - (lon % 360, lat)).T).min() < 1e-6


def test_map_has_land_that_lakes_are_cut_out_of(plan):
    """The coastlines are drawn as one shape behind everything."""
    land = next(p for p in plan.plot.map().axes[0].patches if p.get_label() == "_land")
    assert len(land.get_path().vertices) > 100


def test_map_without_coordinates_says_so(solved):
    """Blank coordinates: no place is made up."""
    sites = solved.case["sites"].assign(lon_deg=np.nan)
    case = replace(solved.case, tables={**solved.case.tables, "sites": sites})
    with pytest.raises(OptionError, match="no map, as no site has coordinates"):
        replace(solved.plan, case=case).plot.map()


def test_gantt_has_a_bar_per_job_and_milestone(plan):
    """Jobs reach from their start to the end of their last period; there are as many bars as jobs and milestones within the horizon."""
    ax = plan.plot.gantt().axes[0]
    bars = sorted((round(b.get_x(), 9), round(b.get_x() + b.get_width(), 9)) for group in ax.containers for b in group)
    at = plan.case.periods.index
    jobs = [(at(r.start), at(r.end) + 1) for r in plan.training.itertuples()]
    for job in jobs:
        bars.remove(job)
    assert len(bars) == len(plan.milestones)
    names = {t.get_text() for t in ax.get_yticklabels()}
    assert set(plan.training["site"].map(plan.case["sites"].set_index("site")["name"])) <= names


def test_gantt_of_three_sites(solved):
    """Beta: the permit in 2027, the shell in 2028, in service at the start of 2029, where its job begins."""
    ax = solved.plan.plot.gantt("beta").axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Beta (site)", "Beta h1", "Beta"]
    bars = [(b.get_x(), b.get_width()) for group in ax.containers for b in group]
    assert bars == [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)]
    assert [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "D"] == [1.0, 2.0]
    assert "Beta: 1 training job and 1 new hall of 20 MW, the first in service in 2029" in words(solved.plan.plot.gantt("beta"))
    with pytest.raises(OptionError, match="nothing to draw over time at Gamma"):
        solved.plan.plot.gantt("gamma")


def test_accelerators_add_up(plan):
    """The bars reach all accelerators in halls; of one SKU, its own."""
    there = plan.chips.assign(n=plan.chips["installed"] + plan.chips["deployed"])
    assert heights(plan.plot.chips()) == pytest.approx(there.groupby("period")["n"].sum().reindex(plan.case.periods, fill_value=0.0).to_numpy())
    sku = str(plan.chips["sku"].iloc[0])
    own = there.loc[there["sku"] == sku].groupby("period")["n"].sum().reindex(plan.case.periods, fill_value=0.0)
    assert heights(plan.plot.chips(sku)) == pytest.approx(own.to_numpy())


def test_utilisation_is_the_share_in_use(plan):
    """The cells of a site with one SKU are what trains and serves of what is there; no cell lies outside 0..1."""
    image = plan.plot.utilisation().axes[0].images[0].get_array()
    assert np.nanmin(image) >= 0 and np.nanmax(image) <= 1 + 1e-9
    rows = [t.get_text() for t in plan.plot.utilisation().axes[0].get_yticklabels()]
    names = plan.case["sites"].set_index("site")["name"]
    one = plan.chips.groupby("site")["sku"].nunique().loc[lambda n: n == 1].index
    for site in (s for s in one if names[s] in rows):
        df = plan.chips.loc[plan.chips["site"] == site].set_index("period")
        share = ((df["training"] + df["serving"]) / (df["installed"] + df["deployed"]).replace(0, np.nan)).reindex(plan.case.periods)
        assert np.ma.filled(image[rows.index(names[site])], np.nan) == pytest.approx(share.to_numpy(), nan_ok=True)
    load = plan.plot.utilisation("power").axes[0].images[0].get_array()
    assert 0 < np.nanmax(load) <= 1 + 1e-6
    with pytest.raises(OptionError, match="utilisation of 'water' is unknown; give accelerators or power"):
        plan.plot.utilisation("water")


def test_cash_adds_up(plan):
    """In each period the bars are the cash of the plan's table with its sign turned; the line is its running sum without penalties."""
    ax = plan.plot.cash().axes[0]
    labels = [*plan.case.periods, "end"]
    net = -plan.cash.groupby("period")["musd"].sum().reindex(labels, fill_value=0.0)
    assert heights(ax.figure) == pytest.approx(net.to_numpy(), abs=1e-6)
    real = -plan.cash.loc[plan.cash["term"] != "unmet"].groupby("period")["musd"].sum().reindex(labels, fill_value=0.0)
    (line,) = (one for axes in ax.figure.axes for one in axes.lines if len(one.get_xdata()) > 2 and str(one.get_label()).startswith("running"))
    assert line.get_ydata() == pytest.approx(real.cumsum().to_numpy(), abs=1e-6)


def test_demand_adds_up(plan):
    """Served and unserved bars reach the demand; the unserved ones are those of the plan's table; of one service, its own."""
    asked = plan.case["demand"]
    whole = asked.groupby("period")["mtok_per_day"].sum().reindex(range(plan.case.n_periods), fill_value=0.0)
    assert heights(plan.plot.serving()) == pytest.approx(whole.to_numpy())
    missing = [bar.get_height() for bar in plan.plot.serving().axes[0].containers[1]]
    lost = plan.unserved.groupby("period")["mtok_per_day"].sum().reindex(plan.case.periods, fill_value=0.0)
    assert missing == pytest.approx(lost.to_numpy(), abs=1e-3 * whole.max())
    service = str(asked["service"].iloc[0])
    own = asked.loc[asked["service"] == service].groupby("period")["mtok_per_day"].sum().reindex(range(plan.case.n_periods), fill_value=0.0)
    assert heights(plan.plot.serving(service)) == pytest.approx(own.to_numpy())
    with pytest.raises(OptionError, match=r"there is no service 'chatt'. Did you mean 'chat'"):
        plan.plot.serving("chatt")


def test_round_trips_are_those_of_the_plan(plan):
    """Median, 95th and 99th percentile are what the plan's own table says; the bars end at the limits."""
    ax = plan.plot.latency().axes[0]
    table = plan.latency.set_index("service")
    order = table.rename(index=plan.case["services"].set_index("service")["name"]).loc[[t.get_text() for t in ax.get_yticklabels()]]
    lines = {line.get_label(): line.get_xdata() for line in ax.lines}
    for label, column in (("median", "p50_ms"), ("95th percentile", "p95_ms"), ("99th percentile", "p99_ms")):
        assert lines[label] == pytest.approx(order[column].to_numpy(float))
    assert [bar.get_width() for bar in ax.containers[0]] == pytest.approx(order["slo_rtt_ms"].to_numpy(float))


def test_overview_draws_what_there_is(solved, tmp_path):
    """``plan.plot()``: map, power, accelerators, demand and cash, those of them that the case has."""
    figure = solved.plan.plot()
    figure.savefig(tmp_path / "overview.png", dpi=30)
    assert len(figure.axes) == 5
    tables = {n: t for n, t in solved.case.tables.items() if n not in ("grid", "generators", "services", "demand")}
    assert len(replace(solved.plan, case=replace(solved.case, tables=tables)).plot().axes) == 3


def test_what_the_case_has_not_got_is_said(solved):
    """Without power tables there is no figure of power; a case of services alone has no chart of jobs."""
    tables = {n: t for n, t in solved.case.tables.items() if n not in ("grid", "generators")}
    bare = replace(solved.plan, case=replace(solved.case, tables=tables))
    for call in (bare.plot.power, lambda: bare.plot.utilisation("power")):
        with pytest.raises(OptionError, match="power is not modelled"):
            call()
    nothing = {n: t.iloc[:0] for n, t in solved.plan.tables.items()}
    idle = replace(solved.plan, tables=nothing)
    assert "No accelerators in 2029" in words(idle.plot.chips())
    assert "No hall is in service in 2029" in words(idle.plot.map())
    assert "The plan draws no power" in words(idle.plot.power())
    for name, said in (
        ("gantt", "builds no hall and places no job"),
        ("utilisation", "no site uses accelerators"),
        ("cash", "moves no money"),
        ("latency", "no demand is served"),
    ):
        with pytest.raises(OptionError, match=said):
            getattr(idle.plot, name)()


@pytest.mark.parametrize("odd", ["a$b$c^_{", "_hidden", "two\nlines \x00\u202e", "\\frac{", "x" * 300])
def test_odd_names_stay_names(solved, tmp_path, odd):
    """No formula, no second line, no legend entry lost: names of sites, metros, jobs and SKUs are drawn as they are, shortened where long."""
    case = solved.case
    tables = {n: t.assign(name=[odd + str(i) for i in range(len(t))]) if "name" in t else t for n, t in case.tables.items()}
    plan = replace(solved.plan, case=replace(case, tables=tables))
    for name in FIGURES:
        figure = getattr(plan.plot, name)()
        figure.savefig(tmp_path / "odd.png", dpi=30)
    shown = [t.get_text() for t in plan.plot.gantt().axes[0].get_yticklabels()]
    assert all("\n" not in t and "\x00" not in t and len(t) <= 40 for t in shown)
    assert any(odd[:3].replace("$", r"\$").strip() in t for t in shown)


def test_unknown_sites_and_blocks_are_named(solved):
    """A wrong id gets one clear error, with the nearest right one."""
    with pytest.raises(OptionError, match=r"there is no site 'alpah'. Did you mean 'alpha'"):
        solved.plan.plot.power("alpah")
    with pytest.raises(OptionError, match="there is no block 'night'"):
        solved.plan.plot.power(block="night")


def test_progress_is_monotone_and_ends_at_the_plan(plan):
    """The best plan never gets worse, the bound never looser, and the last plan is the plan, with the sign and the name that the report gives it."""
    lines = {line.get_label(): line for line in plan.plot.progress().axes[0].lines}
    best, bound = (np.asarray(lines[name].get_ydata()) for name in ("best plan", "bound"))
    assert plan.objective < 0 and plan.plot.progress().axes[0].get_ylabel().startswith("Value less cost and penalties")
    assert (np.diff(best[~np.isnan(best)]) >= 0).all() and (np.diff(bound[~np.isnan(bound)]) <= 0).all()
    assert (np.diff(lines["bound"].get_xdata()) >= 0).all()
    assert best[-1] == pytest.approx(-plan.objective, rel=1e-9)
    assert not (bound < best - 1e-6 * abs(plan.objective)).any()


def test_a_published_instance_has_progress_only(campuses):
    """It has no dates and no power; progress is in the file's own unit."""
    assert campuses.plot.progress().axes[0].get_ylabel().startswith("Cost, ")
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
