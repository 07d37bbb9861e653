"""The pages of sweeps, tornados and fronts: their numbers are those of the tables, nothing from the data is executed, none is ever half written."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import placement
from placement.explain.sweep import Stop
from placement.report.bars import Step, rows_of_bars, waterfall
from placement.report.charts import Series
from placement.report.difference_charts import Interval, Mark, Swing, between, front, intervals, proven, tornado_bars
from placement.report.measures import Measure
from placement.report.question_pages import knee, pareto_page, steep_end, tornado_page
from placement.report.sweep_page import sweep_page
from placement.report.text import TURNED
from tests.conftest import ENV, ROOT
from tests.layers.small import edited, small_case, solved
from tests.report.test_comparison import cells, numbers_in
from tests.report.test_report import HOSTILE, Page

TIGHT = placement.Effort(rel_gap=0.0)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The small case, and scenarios: dearer energy, no plan, a wrong one, one with a name that means something in addresses."""
    folder = tmp_path_factory.mktemp("sweep")
    small_case(folder / "case")
    texts = {
        "dear": '[factors]\n"tariffs.energy_usd_per_mwh" = 1.5\n', "never": '[factors]\n"offers.max_units" = 0.1\n', "wrong": '[factors]\n"grid.kw" = 2\n',
        "java:x(1) <b>#?": '[factors]\n"jobs.value_musd" = 1.5\n',
    }  # fmt: skip
    for name, text in texts.items():
        (folder / name).mkdir()
        (folder / name / "case.toml").write_text(text)
    (folder / "never" / "jobs.csv").write_text("job,mandatory\nbig,1\n")
    return {name: folder / name for name in ("case", *texts)}


@pytest.fixture(scope="module")
def swept(folders: dict[str, Path]) -> tuple[pd.DataFrame, Path]:
    """The table of a sweep over all of them, and its folder."""
    out = folders["case"].parent / "out"
    table = placement.sweep(folders["case"], [f for name, f in folders.items() if name != "case"], out, time_limit_s=60)
    return table, out


def shown(text: str, value: float) -> bool:
    """Whether a text shows a number to the digits that pages have."""
    return min((abs(x - value) for x in numbers_in(text)), default=math.inf) <= 5e-4 * abs(value) + 1e-9


def test_values_and_intervals_are_those_of_the_table(swept: tuple[pd.DataFrame, Path]) -> None:
    """Each scenario with a plan has its value, its difference, and both ends of the interval; the headline names the one that brings most."""
    table, out = swept
    text = cells((out / "sweep.html").read_text(encoding="utf-8"))
    header, values = text[: text.index("What each scenario is worth")], text[text.index("What each scenario is worth") : text.index("Scenarios without a plan")]
    for row in table.iloc[1:].dropna(subset=["objective_musd"]).itertuples():
        for number in (-row.objective_musd, row.value_delta_musd, row.at_least_musd, row.at_most_musd):
            assert shown(values, number), (row.scenario, number)
    assert not shown(values, table["objective_musd"].iloc[0]) and TURNED in values  # one sign, and it is explained
    best = table.loc[table["value_delta_musd"].idxmax()]
    assert f"{best['scenario']} brings most" in header and shown(header, best["value_delta_musd"])
    figures = text[text.rindex("Key figures") :]
    for name in ("npv_musd", "spend_musd", "energy_musd"):
        assert all(shown(figures, v) for v in table[name].dropna()) and all(shown(figures, v) for v in table[f"{name}_delta"].dropna() if v)


def test_scenarios_without_a_plan_have_their_reason_and_runs_their_links(swept: tuple[pd.DataFrame, Path]) -> None:
    """The infeasible and the wrong one stand with the note of the table; each link leads to a report, whatever a folder is called."""
    table, out = swept
    page = Page((out / "sweep.html").read_text(encoding="utf-8"))
    rows = table.set_index("scenario")
    assert rows.loc["never", "status"] == "infeasible" and rows.loc["wrong", "status"] == "bad input"
    failed = page.text[page.text.index("Scenarios without a plan") :]
    for name in ("never", "wrong"):
        assert name in failed and str(rows.loc[name, "note"]) in re.sub(r"\s+", " ", failed)
    links = {str(a["href"]) for t, a in page.tags if t == "a" and not str(a["href"]).startswith("#")}
    assert links == {"./base/report.html", "./dear/report.html", "./never/report.html", "./java%3Ax%281%29%20%3Cb%3E%23%3F/report.html"}
    assert all((out / link.replace("%3A", ":").replace("%28", "(").replace("%29", ")").replace("%20", " ").replace("%3C", "<").replace("%3E", ">")
               .replace("%23", "#").replace("%3F", "?")).is_file() for link in links)  # fmt: skip


def test_small_multiples_have_one_scale_and_the_base_as_a_line(swept: tuple[pd.DataFrame, Path]) -> None:
    """Every run with a plan has one chart of each measure, with the same marks; all but the base have the line."""
    table, out = swept
    raw = (out / "sweep.html").read_text(encoding="utf-8")
    planned = table.loc[table["objective_musd"].notna(), "scenario"]
    for title in ("IT capacity in service", "Power drawn", "Accelerators deployed", "Net cash"):
        charts = re.findall(rf'<svg[^>]*aria-label="{title} by period, [^"]*".*?</svg>', raw, re.S)
        assert len(charts) == len(planned)
        assert len({tuple(re.findall(r'class="t r">([^<]*)<', c)) for c in charts}) == 1
        assert ['class="limit"' in c for c in charts] == [False] + [True] * (len(planned) - 1)


def test_the_page_is_there_from_the_first_run_on(folders: dict[str, Path], tmp_path: Path) -> None:
    """While the sweep goes on the page says what is not finished; asked to stop, it says so, and nothing else lies about."""
    out, seen = tmp_path / "out", list[str]()

    def listen(record: object) -> None:
        seen.append(Page((out / "sweep.html").read_text(encoding="utf-8")).text)

    placement.sweep(folders["case"], [folders["dear"]], out, time_limit_s=60, listen=listen)
    assert "1 not finished" in seen[0] and "no scenario has ended yet" in seen[0] and "not finished" not in seen[1]
    stop, other = Stop(), tmp_path / "other"
    placement.sweep(folders["case"], [folders["dear"]], other, time_limit_s=60, stop=stop, listen=lambda _: setattr(stop, "interrupted", True))
    assert "dear interrupted not begun" in re.sub(r"\s+", " ", Page((other / "sweep.html").read_text(encoding="utf-8")).text)
    assert sorted(p.name for p in other.iterdir()) == ["base", "sweep.csv", "sweep.html"]


def test_a_resumed_sweep_writes_the_same_page(folders: dict[str, Path], tmp_path: Path) -> None:
    """Charts of runs that are there come from their tables, and are the same."""
    pages = []
    for _ in range(2):
        placement.sweep(folders["case"], [folders["dear"]], tmp_path / "out", time_limit_s=60)
        pages.append((tmp_path / "out" / "sweep.html").read_text(encoding="utf-8"))
    assert pages[0] == pages[1] and "Power drawn by period, dear" in pages[0]


def test_a_question_about_the_base_leaves_the_sweep_alone(folders: dict[str, Path], tmp_path: Path) -> None:
    """A tornado into the folder of a sweep keeps table and page of the scenarios."""
    out = tmp_path / "out"
    placement.sweep(folders["case"], [folders["dear"]], out, time_limit_s=60)
    before = [(out / name).read_bytes() for name in ("sweep.csv", "sweep.html")]
    placement.sweep(folders["case"], [], out, time_limit_s=60)
    assert [(out / name).read_bytes() for name in ("sweep.csv", "sweep.html")] == before


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
def test_a_killed_sweep_leaves_whole_files(tmp_path: Path) -> None:
    """Killed without warning while scenarios are solved: the page of what was finished is whole, and nothing half written bears its name."""
    out, scenarios = tmp_path / "out", [str(ROOT / "data" / "scenarios" / n) for n in ("carbon-price", "chips-halved")]
    command = [sys.executable, "-m", "placement", "sweep", str(ROOT / "data" / "frontier-small"), *scenarios, "--out", str(out), "--workers", "1", "--gap", "0"]
    process = subprocess.Popen([*command, "--time-limit", "30"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENV)
    assert process.stderr is not None and process.stderr.readline().startswith("placement: base:")
    process.send_signal(signal.SIGKILL)
    process.wait()
    text = Page((out / "sweep.html").read_text(encoding="utf-8")).text
    assert "2 not finished" in text and "carbon-price" in text
    assert {p.name for p in out.iterdir() if not p.name.startswith(".")} == {"base", "sweep.csv", "sweep.html"}


def measure(x: str) -> Measure:
    """One measure of two periods."""
    return Measure("k" + x, "Power" + x, "MW" + x, ("2027Q1", "2027Q2"), (Series("grid" + x, np.array([1.0, 2.0]), "c0"),), "about" + x)


def pages(x: str) -> list[str]:
    """One page of each kind, every text with ``x`` appended."""
    rows = [
        ("base" + x, "optimal", -5.0, -5.1, 0.02, 0.0, 0.0, 0.0, 3.0, 0.0, 1.0, "", "out/base"),
        ("dear" + x, "feasible" + x, -4.0, -4.2, 0.05, -1.0, -1.1, -0.8, 2.0, -1.0, 1.0, "note" + x, "out/dear"),
        ("never" + x, "infeasible" + x, *[math.nan] * 8, 1.0, "why" + x, ""),
    ]
    columns = [
        "scenario", "status", "objective_musd", "bound_musd", "verified_gap", "value_delta_musd", "at_least_musd", "at_most_musd", "npv_musd", "npv_musd_delta",
        "seconds", "note", "run",
    ]  # fmt: skip
    profiles = {"base" + x: [measure(x)], "dear" + x: [measure(x)]}
    sweep = sweep_page(pd.DataFrame(rows, columns=columns), "Title" + x, "M$", {"dear" + x: "./dear/report.html"}, profiles, ["left" + x], "made" + x)
    side = ["x 0.9" + x, -1.0, -2.0, 1.0, "x 1.1" + x, 3.0, 2.0, 4.0, "optimal" + x, "optimal" + x, "note" + x]
    none = ["x 0.9" + x, math.nan, math.nan, math.nan, "x 1.1" + x, 3.0, 2.0, 4.0, "infeasible" + x, "optimal", ""]
    swings = pd.DataFrame(
        [("broken" + x, 1, math.nan, math.nan, math.nan, *none), ("grid.mw" + x, 2, 4.0, 1.0, 6.0, *side), ("flat" + x, 2, 4.0, 0.0, 6.0, *side)],
        columns=[
            "input", "cells", "swing_musd", "swing_at_least_musd", "swing_at_most_musd", "low", "low_value_musd", "low_at_least_musd", "low_at_most_musd",
            "high", "high_value_musd", "high_at_least_musd", "high_at_most_musd", "low_status", "high_status", "note",
        ],
    )  # fmt: skip
    points = [
        (9.0, 1.0, 9.0, 1.0, 0.5, 0.0, False, "s" + x, "optimal" + x),
        (5.0, 2.0, 5.0, 2.0, 1.5, 0.1, False, "s" + x, "o"),
        (2.0, 7.0, 2.0, 7.0, 6.0, 0.1, False, "", "o"),
    ]
    names = ["epsilon", f"f{x}_musd", f"g{x}_kt", "objective_musd", "bound", "gap", "dominated", "sites", "status"]
    front_ = pareto_page(pd.DataFrame(points, columns=names), "Title" + x, "M$", link="./base/report.html", footer="made" + x)
    return [sweep, tornado_page(swings, "Title" + x, "M$", "./base/report.html", "made" + x), front_]


@pytest.mark.parametrize("hostile", [HOSTILE, "</style><style>*{}", "--><!--", "${x}`'\"", "a b=c onload=d", "javascript:alert(1)"])
def test_hostile_text_stays_text(hostile: str) -> None:
    """No string of the data opens a tag, an attribute or a request; the policy forbids what is not the style sheet."""
    for raw, tame in zip(pages(hostile), pages(""), strict=True):
        page, plain = Page(raw), Page(tame)
        assert {t for t, _ in page.tags} == {t for t, _ in plain.tags}
        assert {name for _, a in page.tags for name in a} == {name for _, a in plain.tags for name in a}
        assert {a["href"] for t, a in page.tags if t == "a"} == {a["href"] for t, a in plain.tags if t == "a"}
        assert "\x00" not in raw and "\u202e" not in raw and "default-src 'none'" in raw
        assert all(not {"src", "style"} & set(a) and not any(k.startswith("on") for k in a) for _, a in page.tags)


def test_the_tornado_is_that_of_the_table(tmp_path: Path) -> None:
    """The widest swing stands first in words, chart and table; both sides with the ends that are proven."""
    plan = solved(small_case(tmp_path / "a"))
    table = placement.tornado(plan, ["tariffs.energy_usd_per_mwh", "jobs.value_musd"], step=0.2, effort=TIGHT)
    raw = placement.tornado_page(plan, table)
    text = cells(raw)
    assert f"depends most on {table['input'].iloc[0]}" in text
    rows = text[text.index("Swing proven between") :]
    for row in table.itertuples():
        for value in (row.low_value_musd, row.high_value_musd, row.swing_musd, row.swing_at_least_musd, row.swing_at_most_musd):
            assert shown(rows, value)
    hints = re.findall(r"<title>x (0\.8|1\.2): ([^,<]*)", re.search(r'<svg[^>]*class="l wide".*?</svg>', raw, re.S)[0])
    want = [(f"{s}", v) for r in table.itertuples() for s, v in (("0.8", r.low_value_musd), ("1.2", r.high_value_musd)) if abs(v) > 1e-9]
    assert [h[0] for h in hints] == [w[0] for w in want]
    assert [numbers_in(h[1])[0] for h in hints] == pytest.approx([v for _, v in want], rel=1e-3)


def test_bars_are_as_long_as_their_numbers() -> None:
    """Bars begin at zero, their lengths are in proportion, and a wide interval is drawn from its least to its most."""
    rows = [
        Swing("a", Interval("low", -4.0, -5.0, -2.0), Interval("high", 2.0, 2.0, 2.0)),
        Swing("b", Interval("low", 1.0, 1.0, 1.0), Interval("high", 3.0, 3.0, 3.0)),
    ]
    for narrow in (False, True):
        drawn = tornado_bars(rows, "M$", "t", narrow)
        bars = [tuple(map(float, b)) for b in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn)]
        widths = np.array([b[2] for b in bars])
        assert len(bars) == 4 and widths / widths[1] * 2 == pytest.approx([4, 2, 1, 3], abs=0.02)
        zero = bars[1][0]
        assert bars[0][0] + bars[0][2] == pytest.approx(zero, abs=0.11) and bars[2][0] == pytest.approx(zero, abs=0.11)
        assert bars[2][3] == pytest.approx(bars[0][3] / 2) and bars[3][1] == pytest.approx(bars[2][1] + bars[2][3])  # both to one side: half a bar each
        whisker = [tuple(map(float, w)) for w in re.findall(r'<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)" class="limit"', drawn)]
        assert len(whisker) == 3 and (whisker[0][2] - whisker[0][0]) / widths[1] * 2 == pytest.approx(3, abs=0.05)
    doubt = intervals([Interval("x", 1.0, -1.0, 2.0), Interval("y", 1.0, 0.5, 2.0), Interval("z", -1.0, -2.0, -0.5)], "M$", "t")
    assert re.findall(r'class="(c\d) edge"', doubt) == ["c6", "c0", "c3"]
    nothing = intervals([Interval("x", math.nan, math.nan, math.nan, "infeasible")], "M$", "t")
    assert "infeasible" in nothing and "<rect" not in nothing
    assert between(Interval("x", 1.0, -math.inf, 2.0), "M$").startswith("at most") and between(Interval("x", 1.0, math.nan, math.nan), "M$") == "not proven"


def test_no_label_is_struck_through() -> None:
    """In a narrow chart no line of the axis runs through the height of a name or number; in a wide one words lie above all lines, with a halo."""
    rows = [Interval("long name of a scenario", v, v - 1, v + 1) for v in (-5.0, 4.0, -0.1)]
    swings = [Swing("a", Interval("low", -4.0, -5.0, -2.0), Interval("high", 2.0, 2.0, 2.0))]
    steps = [Step("in", 2.0, "c2"), Step("out", -9.0, "c0"), Step("left", -7.0, "c7", total=True)]
    for chart in (lambda n: intervals(rows, "M$", "t", n), lambda n: tornado_bars(swings, "M$", "t", n), lambda n: waterfall(steps, "M$", "t", n),
                  lambda n: rows_of_bars(["a", "b"], [-2.0, 1.0], ["c0", "c0"], "M$", "t", n)):  # fmt: skip
        wide, narrow = chart(False), chart(True)
        assert all("halo" in c for c in re.findall(r'<text [^>]*class="([^"]*)"[^>]*>[^<]*M\$', wide)) and wide.rindex('class="axis"') < wide.rindex("halo")
        upright = [tuple(map(float, v)) for v in re.findall(r'<line x1="([\d.]+)" y1="([\d.]+)" x2="\1" y2="([\d.]+)" class="(?:rule|axis)"', narrow)]
        feet = [float(y) for y in re.findall(r'<text [^>]*y="([\d.]+)"[^>]*halo', narrow)]
        assert upright and len(feet) >= 2
        assert not [(line, foot) for line in upright for foot in feet if line[1] < foot - 1 and line[2] > foot - 8]


def test_the_front_is_that_of_the_table(tmp_path: Path) -> None:
    """Points, bounds and gaps of a front of cost and carbon are on its page; no point lies in the region where none can."""
    plan = solved(small_case(tmp_path / "a", tariffs=edited("tariffs", {"site": "north"}, carbon_kg_per_mwh=400)))
    table = placement.pareto(plan, points=4, effort=TIGHT)
    text = cells(placement.pareto_page(plan, table))
    rows = text[text.index("First term proven at least") :]
    for column in table.columns[:5]:
        assert all(shown(rows, v) for v in table[column]), column
    marks = [Mark(str(n), r.cost_musd, r.emissions_kt, r.bound, r.epsilon if n else math.inf) for n, r in enumerate(table.itertuples())]
    for begin, end, least in proven(marks):
        assert all(m.first >= least - 1e-6 for m in marks if begin < m.second <= end)


def test_the_region_that_is_proven_follows_the_hardest_limit() -> None:
    """A bound holds for all harder limits; for a share that is made large, these lie to the right."""
    marks = [Mark("1", 1.0, 9.0, 0.5, math.inf), Mark("2", 2.0, 6.0, 3.0, 6.0), Mark("3", 5.0, 2.0, 2.5, 2.0)]
    assert proven(marks) == [(-math.inf, 2.0, 3.0), (2.0, 6.0, 3.0), (6.0, math.inf, 0.5)]
    share = [Mark("1", 1.0, 0.2, 1.0, -math.inf), Mark("2", 2.0, 0.8, 2.0, 0.8)]
    assert proven(share, larger_is_better=True) == [(math.inf, 0.8, 2.0), (0.8, -math.inf, 1.0)]
    drawn = front(share, ("Cost, M$", "Share, %"), "t", larger_is_better=True)
    shade = [tuple(map(float, r)) for r in re.findall(r'<rect[^>]*?x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" class="q2"', drawn)]
    assert len(shade) == 2 and shade[0][0] > shade[1][0] and shade[0][3] > shade[1][3]  # to the right the higher bound


def test_the_knee_is_where_the_curve_bends() -> None:
    """The point nearest to both bests; none on a straight line, with two points, or where the other is dominated."""

    def table(first: list[float], second: list[float], dominated: list[bool] | None = None) -> pd.DataFrame:
        return pd.DataFrame({"epsilon": second, "f": first, "g": second, "dominated": dominated or [False] * len(first)})

    assert knee(table([0, 1, 2, 10], [10, 4, 2, 0])) == 2
    assert knee(table([0, 1, 2], [2, 1, 0])) is None and knee(table([0, 1], [1, 0])) is None
    assert knee(table([0, 1, 10], [10, 1, 0], [False, True, False])) is None
    assert steep_end(np.array([0.0, 1.0, 2.0, 9.0])) and not steep_end(np.array([0.0, 1.0, 2.0, 3.0]))


def test_pages_of_the_command(folders: dict[str, Path], tmp_path: Path, python) -> None:
    """Tornado and front are pages beside their tables, which lead to the report of the base."""
    out = tmp_path / "out"
    for question, name in ((("--tornado", "jobs.value_musd"), "tornado"), (("--pareto", "cost", "capex", "--points", "2"), "pareto")):
        done = python("-m", "placement", "sweep", folders["case"], "--out", out, "--workers", "1", *question)
        assert done.returncode == 0, done.stderr
        assert f"page written to {out / name}.html" in done.stderr
        page = Page((out / f"{name}.html").read_text(encoding="utf-8"))
        assert [a["href"] for t, a in page.tags if t == "a" and not str(a["href"]).startswith("#")] == ["./base/report.html"] and (
            out / f"{name}.csv"
        ).is_file()
