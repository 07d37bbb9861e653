"""The page of two plans side by side: its numbers are those of the tables, it names what caused what, and it is as safe as a report."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import placement
from placement.errors import DataError
from placement.explain.links import link_to
from placement.explain.plans import KINDS
from placement.report.comparison import comparison_page
from placement.report.difference_charts import Interval
from placement.report.facts import Facts
from placement.report.formats import significant
from placement.report.measures import measures
from placement.report.sides import LAYERS, Differences, Side, change_of
from tests.conftest import ROOT
from tests.layers.small import small_case as layer_case
from tests.layers.small import solved
from tests.report.test_report import HOSTILE, N, Page, small_case, small_plan, summary_of

DROPPED = {"jobs": [{"job": "big", "value_musd": 0.001}]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two run folders: with the job worth its while, and not."""
    folder = tmp_path_factory.mktemp("runs")
    plans = [solved(layer_case(folder / "a")), solved(layer_case(folder / "b", **DROPPED))]
    return [placement.write_plan(plan, folder / f"run {name}") for plan, name in zip(plans, ("a", "b"), strict=True)]


@pytest.fixture(scope="module")
def found(runs: list[Path]) -> placement.Comparison:
    """What differs between the two."""
    a, b = map(placement.read_plan, runs)
    return placement.compare(a, b, effort=placement.Effort(rel_gap=0.0))


def cells(raw: str) -> str:
    """Return the text of a page, one piece a line, with thin spaces as they are."""
    return "\n".join(Page(raw).words)


def numbers_in(text: str) -> list[float]:
    """Return the numbers of a text, as a reader sees them: commas group thousands."""
    return [float(n.replace("\u2212", "-").replace(",", "")) for n in re.findall(r"[-\u2212]?\d+(?:,\d{3})*(?:\.\d+)?", text)]


def test_the_difference_and_its_cause_come_first(found: placement.Comparison) -> None:
    """The header holds both objectives, their difference, the change of the input with its worth, and the job that is dropped."""
    header = cells(found.to_html()).partition("Which change of the input")[0]
    whole = found.causes.iloc[-1]
    assert whole["value_musd"] == pytest.approx(found.a.objective - found.b.objective)
    shown = numbers_in(header)
    for value in (abs(whole["value_musd"]), -found.a.objective, -found.b.objective):
        assert min(abs(x - value) for x in shown) <= 5e-4 * abs(value), value
    assert "jobs.value_musd (big: 80.0 \u2192 0.001)" in header and "1 job dropped (big)" in header
    assert f"brings {len(found.plan)} of the {len(found.plan)} changes" in header


def test_in_a_notebook_the_answer_stands_alone(found: placement.Comparison) -> None:
    """The fragment says the same in words, and holds no page."""
    fragment = found._repr_html_()
    assert "1 job dropped (big)" in Page(fragment).text and not {"html", "style", "section", "svg"} & {t for t, _ in Page(fragment).tags}


def test_a_case_with_pairs_is_told_as_costs(tmp_path: Path) -> None:
    """Where a card has no money to earn, the sentence is about costs, in the unit of the file, and nothing has a date."""
    file = ROOT / "data" / "instances" / "four-campuses.txt"
    a, b = (placement.solve(placement.read_instance(file, "orlib-cap", model=model), rel_gap=0.0) for model in ("cflp", "sscflp"))
    assert b.objective > a.objective  # workloads that may not be split cost more
    text = cells(placement.compare(a, b, groups=0).to_html())
    more = significant(b.objective - a.objective, 6)
    assert f"B costs {more}\u202funits more than A (proven: +{more}\u202funits)" in text
    assert "Period by period" not in text and not re.search(r"\b0000\b", text)


def test_all_tables_are_on_the_page(found: placement.Comparison) -> None:
    """Every change of input, plan and key figures has its line."""
    page = Page(found.to_html())
    assert {a["href"] for t, a in page.tags if t == "a"} == {f"#{a['id']}" for t, a in page.tags if t == "section"}
    rows = page.text  # the navigation holds titles, too, so what is meant is the last one
    figures = rows[rows.index("Key figures that differ") :]
    assert len(found.kpis) > 10
    for kpi in found.kpis.itertuples():
        assert change_of(kpi.kpi, kpi.change).replace("\u202f", " ") in figures, kpi.kpi
    plan = rows[rows.index("What the plan decides otherwise") : rows.rindex("Period by period")]
    assert sum(int(n) for n in re.findall(r": (\d+) changes?", plan)) == len(found.plan)


def test_measures_are_the_sums_of_the_plan_tables(found: placement.Comparison) -> None:
    """IT power, power, accelerators and cash by period agree with the tables they come from."""
    plan = found.a
    by_key = {m.key: m for m in measures(Facts.of(plan.case, plan.tables))}
    chips = plan.chips.groupby("period", sort=False)[["installed", "deployed"]].sum().sum(axis=1).reindex(plan.case.periods, fill_value=0.0)
    assert by_key["units"].total == pytest.approx(chips.to_numpy())
    energy = plan.energy.groupby(["period", "block"])["mw"].sum().groupby("period").max().reindex(plan.case.periods, fill_value=0.0)
    assert by_key["power_mw"].total == pytest.approx(energy.to_numpy())
    cash = plan.cash[(plan.cash["term"] != "unmet") & (plan.cash["period"] != "end")].groupby("period")["musd"].sum()
    assert by_key["cash_musd"].total == pytest.approx(-cash.reindex(plan.case.periods, fill_value=0.0).to_numpy())
    halls = plan.halls[plan.halls["in_service"].isin(plan.case.periods)]
    assert by_key["it_mw"].total[-1] == pytest.approx(halls["it_mw"].sum())


def test_charts_of_both_have_one_scale(found: placement.Comparison) -> None:
    """The marks of A's chart and of B's are the same."""
    raw = found.to_html()
    for title in ("Power drawn", "Accelerators deployed", "Cash"):
        one, two = (re.search(rf'<svg[^>]*aria-label="{title} by period, {letter}: .*?</svg>', raw, re.S) for letter in "AB")
        assert one and two
        marks = [re.findall(r'class="t r">([^<]*)<', m[0]) for m in (one, two)]
        assert marks[0] == marks[1] and len(marks[0]) >= 2


def test_the_same_plan_twice_and_a_plan_that_is_missing(found: placement.Comparison) -> None:
    """Nothing differs between a plan and itself; without a second plan the page says so and still lists the inputs."""
    same = Page(placement.compare(found.a, found.a).to_html()).text
    assert "B is worth the same as A" in same and "The inputs are the same" in same and "The plans decide the same." in same
    never = dataclasses.replace(
        found.b, status=placement.Status.INFEASIBLE, objective=np.inf, verified_bound=-np.inf, tables={}, kpis=pd.Series(dtype=float),
        summary={**found.b.summary, "status": "infeasible", "objective": None, "verified_bound": None},
    )  # fmt: skip
    text = Page(placement.compare(found.a, never, groups=0).to_html()).text
    assert "B has no plan (status: infeasible): there is no difference of values." in text and "jobs.value_musd" in text
    assert "Period by period" not in text


def sides(x: str = "") -> tuple[Side, Side, Differences]:
    """Two plans of the small case with every text appended ``x``, and differences of every kind."""
    facts = Facts.of(small_case(x), small_plan(x))
    kpis = {"npv_musd": 4.0, "co2_kt": 2.0, "note" + x: 3.0}
    a = Side("run" + x, facts, summary_of(x, objective=-20.0), kpis, "./run%20a/report.html")
    b = Side("other" + x, facts, summary_of(x, objective=-15.0), {**kpis, "npv_musd": 1.0})
    plan = [
        (k.name, f"oslo{x}/h2{x}", "not built" + x, "2027Q3" if not k.unit else "4", "-" if not k.unit else "0", -4.0, k.unit, "jobs.value" + x) for k in KINDS
    ]
    inputs = [("jobs" + x, "big" + x, "value" + x, "80" + x, "1" + x, 1, "x 0.1" + x, "jobs.value" + x)]
    causes = [("jobs.value" + x, 1, -5.0, -6.0, -4.0, 3, "optimal" + x, x), ("other" + x, 1, np.nan, np.nan, np.nan, 0, "bad input", "why" + x)]
    found = Differences(
        pd.DataFrame(inputs, columns=["table", "key", "column", "a", "b", "rows", "change", "group"]),
        pd.DataFrame(plan, columns=["kind", "what", "change", "a", "b", "difference", "unit", "causes"]),
        pd.DataFrame([("npv_musd", 4.0, 1.0, -3.0), ("odd" + x, 1.0, 2.0, 1.0)], columns=["kpi", "a", "b", "change"]),
        pd.DataFrame(causes, columns=["group", "lines", "value_musd", "at_least_musd", "at_most_musd", "plan_changes", "status", "note"]),
        Interval("all together", -5.0, -6.0, -4.0), "note" + x, "together" + x,
    )  # fmt: skip
    return a, b, found


@pytest.mark.parametrize("hostile", [HOSTILE, "</style><style>*{}", "--><!--", "${x}`'\"", "a b=c onload=d", "javascript:alert(1)"])
def test_hostile_text_stays_text(hostile: str) -> None:
    """No string of the data opens a tag, an attribute or a request."""
    plain, raw = Page(comparison_page(*sides())), comparison_page(*sides(hostile))
    page = Page(raw)
    assert {t for t, _ in page.tags} == {t for t, _ in plain.tags}
    assert {name for _, a in page.tags for name in a} == {name for _, a in plain.tags for name in a}
    assert {a["href"] for t, a in page.tags if t == "a"} == {a["href"] for t, a in plain.tags if t == "a"}
    assert "\x00" not in raw and "\u202e" not in raw and "default-src 'none'" in raw


def test_many_rows_that_come_and_go_are_one_line() -> None:
    """Six rows of a table are one line with their number, two of another stand alone."""
    a, b, found = sides()
    rows = [("halls", f"h{i}", "(rows)", "-", "there", 1, "added", "") for i in range(6)] + [
        ("jobs", f"j{i}", "(rows)", "there", "-", 1, "removed", "") for i in (1, 2)
    ]
    inputs = pd.DataFrame(rows, columns=found.inputs.columns)
    lines = cells(comparison_page(a, b, dataclasses.replace(found, inputs=inputs))).splitlines()
    at = lines.index("halls.(rows)")
    assert lines[at + 1] == "h0, h1, h2, h3, h4 and h5" and lines[at + 5] == "6" and lines.count("halls.(rows)") == 1
    assert lines.count("jobs.(rows)") == 2 and "8 changes; cells in the units of their columns." in lines


def test_every_kind_of_decision_has_its_layer() -> None:
    """The page knows all kinds that a comparison tells, and no others."""
    assert sorted(k for kinds in LAYERS.values() for k in kinds) == sorted(k.name for k in KINDS)


@pytest.mark.parametrize("name", ["javascript:alert(1)", "a b", "50%", "r#1?x", "//evil.example", "\u202egnp"])
def test_links_are_relative_and_quoted(tmp_path: Path, name: str) -> None:
    """A folder's name is neither a scheme nor a host, and the link leads to the file."""
    run = tmp_path / "runs" / name.lstrip("/")
    run.mkdir(parents=True)
    page = tmp_path / "pages" / "page.html"
    page.parent.mkdir()
    assert link_to(run, page) == ""
    (run / "report.html").write_text("here")
    link = link_to(run, page)
    assert link.startswith("../runs/") and not re.search(r"[:?#\s\"'<>\u202e]", link)
    inner = link_to(run, tmp_path / "page.html")
    assert inner.startswith("./runs/")


def test_the_command_writes_the_page(runs: list[Path], tmp_path: Path, python) -> None:
    """The page links to both reports; a place that cannot be is refused before anything is solved."""
    file = tmp_path / "page.html"
    done = python("-m", "placement", "compare", *runs, "--workers", "1", "--page", file)
    assert done.returncode == 0, done.stderr
    page = Page(file.read_text(encoding="utf-8"))
    links = [a["href"] for t, a in page.tags if t == "a" and not str(a["href"]).startswith("#")]
    assert len(links) == 2 and all("run%20" in str(link) for link in links)
    assert "A: run a \u2192 B: run b" in re.sub(r"\s+", " ", page.text)
    wrong = python("-m", "placement", "compare", *runs, "--page", tmp_path / "none" / "page.html")
    assert wrong.returncode == 1 and "for --page" in wrong.stderr and "looking for causes" not in wrong.stderr


def test_a_page_is_written_whole_or_not_at_all(found: placement.Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails while it is written leaves the earlier file and nothing beside it."""
    file = found.write_page(tmp_path / "page.html")
    before = file.read_bytes()

    def fails(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(OSError, match="no room"):
        found.write_page(file)
    assert file.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["page.html"]


def test_a_damaged_table_is_refused(found: placement.Comparison) -> None:
    """As the report does."""
    damaged = dataclasses.replace(found.a, tables={**found.a.tables, "chips": found.a.chips.drop(columns="training")})
    with pytest.raises(DataError, match="training"):
        dataclasses.replace(found, a=damaged).to_html()
    assert N == 4
