"""The report: complete, self-contained, safe against hostile text, and readable without a plan or a layer."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import html
import math
import re
import shlex
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from placement.case.case import Block, Case, frame
from placement.case.schema import TABLES
from placement.errors import DataError
from placement.plan.prices import FAMILIES
from placement.report import render, terminal_summary
from placement.report.charts import Series, heat, stacked
from placement.report.energy import flows, tightest
from placement.report.facts import Facts
from placement.report.formats import DEFINITIONS, figure_of, fixed, listed, musd, percent, quantity
from placement.report.gantt import Bar, lanes
from placement.report.leads import with_leads
from placement.report.scarcity import _chips
from placement.report.sections_prices import KINDS, USES
from placement.report.tables import COLUMNS, PRICES, weighted_quantile
from placement.report.terminal import naming
from placement.report.text import present_value
from placement.units import period_number

N = 4
PERIODS = ("2027Q1", "2027Q2", "2027Q3", "2027Q4")
HOSTILE = "\"'><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>\x00\u202e&amp;"
VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Checks that tags balance and collects what a browser would act on."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text, thin spaces as spaces."""
        return " ".join(self.words).replace("\u202f", " ")


def small_case(x: str = "") -> Case:
    """Two sites, two SKUs, two jobs, one service; ``x`` is appended to every free text and id."""
    rows: dict[str, list[dict[str, object]]] = {
        "sites": [
            {"site": "oslo" + x, "name": "Oslo" + x, "country": "NO", "lat_deg": 59.9, "lon_deg": 10.7, "zone": "no1" + x, "pue": 1.1},
            {"site": "turin" + x, "name": "", "country": "IT", "lat_deg": 45.1, "lon_deg": 7.7, "zone": "no1" + x, "pue": 1.2},
        ],
        "halls": [
            {"site": "oslo" + x, "hall": "h1" + x, "domain": "", "it_mw": 10.0, "existing": True, "capex_musd": 0.0},
            {"site": "oslo" + x, "hall": "h2" + x, "domain": "", "it_mw": 20.0, "capex_musd": 100.0},
        ],
        "milestones": [{"site": "oslo" + x, "hall": "h2" + x, "milestone": "permit" + x, "lead_p10": 1, "lead_p50": 2, "lead_p90": 3, "cost_musd": 2.0}],
        "grid": [
            {"site": "oslo" + x, "tier": "free" + x, "mw": 15.0},
            {"site": "oslo" + x, "tier": "firm" + x, "mw": 25.0, "available": 1, "capex_musd": 8.0},
            {"site": "oslo" + x, "tier": "flex" + x, "mw": 5.0, "interruptible": True},
        ],
        "profiles": [{"profile": "sun" + x, "block": "base", "factor": 0.4}, {"profile": "sun" + x, "block": "peak", "factor": 0.0}],
        "ppas": [{"ppa": "wind" + x, "zone": "no1" + x, "tech": "wind" + x, "max_mw": 9.0, "price_usd_per_mwh": 40.0, "tenor_periods": 4}],
        "generators": [
            {
                "generator": "roof" + x,
                "site": "oslo" + x,
                "tech": "solar" + x,
                "max_mw": 10.0,
                "capex_musd_per_mw": 1.0,
                "energy_usd_per_mwh": 0.0,
                "profile": "sun" + x,
            }
        ],
        "skus": [{"sku": "gpu" + x, "name": "GPU" + x, "vendor": "maker" + x, "kw_per_unit": 1.0, "hbm_gb": 80.0}],
        "offers": [{"offer": "o1" + x, "sku": "gpu" + x, "kind": "take_or_pay", "period": 0, "max_units": 9000, "unit_price_usd": 30000.0}],
        "jobs": [{"job": "big" + x, "name": "Big run" + x, "value_musd": 90.0}, {"job": "late" + x, "name": "", "value_musd": 7.5}],
        "metros": [{"metro": "berlin" + x, "name": "Berlin" + x, "country": "DE", "lat_deg": 52.5, "lon_deg": 13.4}],
        "services": [{"service": "chat" + x, "name": "Chat" + x, "slo_rtt_ms": 60.0, "hbm_gb": 40.0, "unmet_usd_per_mtok": 2.0}],
        "demand": [{"service": "chat" + x, "metro": "berlin" + x, "period": t, "mtok_per_day": 100.0} for t in range(N)],
        "links": [{"link": "f1" + x, "a": "oslo" + x, "b": "berlin" + x, "km": 900.0, "gbps": 10.0, "module_gbps": 10.0, "module_capex_musd": 3.0}],
        "budget": [{"period": t, "capex_musd": 400.0} for t in range(N)],
    }
    tables = {name: frame(name, found, N) for name, found in rows.items()}
    blocks = (Block("base", 0.9), Block("peak", 0.1, True))
    return Case(
        name="small" + x,
        title="Small case" + x,
        start=period_number("2027Q1", 3),
        n_periods=N,
        discount_rate=0.1,
        blocks=blocks,
        tables=tables,
    )


def small_plan(x: str = "") -> dict[str, pd.DataFrame]:
    """A plan for the small case, with a row in every table."""
    oslo, gpu = "oslo" + x, "gpu" + x
    data = {
        "training": [("big" + x, oslo, oslo, gpu, "2027Q3", "2027Q4", 4000.0, 90.0, 4000.0, 1.0)],
        "inference": [("chat" + x, "berlin" + x, p, oslo, gpu, 1.0 if p != "2027Q1" else 0.75, 50.0, 24.0) for p in PERIODS],
        "sites": [("turin" + x, "2027Q4")],
        "halls": [(oslo, "h1" + x, "2027Q1", 10.0, 1), (oslo, "h2" + x, "2027Q3", 20.0, 0)],
        "milestones": [(oslo, "h2" + x, "permit" + x, "2027Q1", 1.0, 2.0, 3.0)],
        "grid": [(oslo, "firm" + x, "2027Q2")],
        "contracts": [("wind" + x, 6.0)],
        "generators": [("roof" + x, p, 10.0) for p in PERIODS[1:]],
        "orders": [("o1" + x, gpu, "2027Q1", "2027Q2", 5000.0, 150.0)],
        "chips": [(oslo, oslo, gpu, p, 100.0, 1000.0 * t, 800.0 * t, 50.0) for t, p in enumerate(PERIODS)],
        "energy": [(oslo, p, b, s, mw) for p in PERIODS for b, k in (("base", 1.0), ("peak", 1.2)) for s, mw in (("grid", 6.0 * k), ("ppa:wind" + x, 4.0 * k))],
        "paid": [("wind" + x, p, 1000.0) for p in PERIODS],
        "fibre": [("f1" + x, p, 1, 20.0, 5.0) for p in PERIODS[1:]],
        "unserved": [("chat" + x, "berlin" + x, "2027Q1", 0.25, 25.0)],
        "unplaced": [("late" + x, 7.5)],
        "cash": [
            ("2027Q1", "capex", 150.0),
            ("2027Q2", "opex", 3.0),
            ("2027Q4", "value", -90.0),
            ("end", "salvage", -40.0),
            ("2027Q1", "odd" + x, 1.0),
        ],
    }
    return {name: pd.DataFrame(rows, columns=[c.lstrip("#@") for c in COLUMNS[name].split()]) for name, rows in data.items()}


def summary_of(x: str = "", **changes: object) -> dict[str, object]:
    """A summary with every key filled."""
    return {
        "case": "small" + x, "title": "Small case" + x, "status": "feasible" + x, "objective": 23.5, "bound": 23.0, "verified_bound": 22.9,
        "gap": 0.0213,
        "kpis": {"cost_usd_per_mtok": 0.41, "peak_power_mw": 12.0, "note" + x: 3}, "runtime_s": 12.25,
        "phases": [{"phase": "root" + x, "seconds": 3.0, "rounds" + x: 7}],
        "sizes": {"rows" + x: 1200}, "versions": {"placement": "0.1" + x}, "case_sha256": "ab12" + x,
        "options": {"time_limit_s": 60, "start": "run" + x, "gap": None},
        "seed": 3, "check": {"ok": True, "violations": []}, **changes,
    }  # fmt: skip


def prices_of(x: str = "") -> pd.DataFrame:
    """Seven limits of one kind, one of another, and thirty prices of use, which are no limits."""
    label = "local dual, decisions fixed" + x
    rows = [("hall" + x, "hall_it_mw", "oslo" + x, "", p, "", float(i), "M$/MW", label) for i, p in enumerate((*PERIODS, *PERIODS[:3]), 1)]
    rows += [("budget" + x, "budget", "", "", "2027Q2", "", 0.25, "M$/M$", label)]
    rows += [("power" + x, "power", "oslo" + x, "gpu" + x, "2027Q1", "peak" + x, 900.0 + i, "M$/MW" + x, label) for i in range(30)]
    return pd.DataFrame(rows, columns=[c.lstrip("#") for c in PRICES.split()])


PROGRESS = [
    {"time_s": 0.5, "phase": "root", "objective": None, "bound": -1e9, "gap": None},
    {"time_s": 1.0, "phase": "search", "objective": 30.0, "bound": 22.0, "gap": 0.3},
    {"time_s": 9.0, "phase": "search", "objective": 23.5, "bound": 22.9, "gap": 0.02},
]


def page_of(x: str = "", **changes: object) -> str:
    """The page of the small plan."""
    return render(small_case(x), small_plan(x), summary_of(x, **changes), prices_of(x), PROGRESS)


def test_every_section_is_there_and_linked() -> None:
    """Each question has its section, each link its target, and the tags balance."""
    page = Page(page_of())
    ids = {a["id"] for t, a in page.tags if t == "section"}
    assert ids == {
        "decisions",
        "map",
        "schedule",
        "power",
        "carbon",
        "chips",
        "inference",
        "money",
        "left-out",
        "prices",
        "progress",
        "figures",
        "inputs",
        "sources",
    }
    assert {a["href"] for t, a in page.tags if t == "a"} == {f"#{i}" for i in ids}
    assert all(a.get("aria-label") for t, a in page.tags if t == "svg" and a.get("role") == "img")


def test_the_answer_comes_first() -> None:
    """The header says what to build, buy and place, the cost, the verified gap, what is left out and what to do first."""
    text = Page(page_of()).text
    header = text[: text.index("First decisions")]
    for words in (
        "Build  1 hall with 20 MW of IT capacity at Oslo, the first in service in 2027Q3",
        "Buy  5,000 GPU for 150 M$", "Energise  25 MW of grid connection",
        "Run  1 of 2 training jobs and serve 93.8 % of inference demand", "Cost and penalties less value: 23.5 M$",
        "0.6 M$ (2.6 %)", "no plan can cost less than 22.9 M$, no solver trusted", "1 training job worth 7.5 M$",
        "25 Mtok/day in 2027Q1",
        "place 1 order (150 M$), begin to build 1 hall (100 M$), sign 1 power contract, start 1 milestone (2 M$), energise 1 grid tier (8 M$)",
    ):  # fmt: skip
        assert words in header


def test_first_decisions_name_all_that_is_due_in_two_quarters() -> None:
    """Orders, milestones, contracts, tiers, generators and fibre of the first half year are listed; the job of Q3 is not."""
    text = Page(page_of()).text
    table = text[text.index("First decisions: 2027Q1 and 2027Q2") : text.index("Map of")]
    for words in (
        "Order GPU (take or pay)",
        "Start milestone: permit",
        "Sign contract wind",
        "Energise grid tier firm",
        "Bring in generator roof",
        "Light fibre f1",
    ):
        assert words in table
    assert "training job" not in table


def rented() -> tuple[Case, dict[str, pd.DataFrame]]:
    """The small case at a provider's site: two leases of the same accelerators, and one offer on demand."""
    case = small_case()
    lease = {"sku": "gpu", "kind": "lease", "period": 0, "max_units": 900, "rent_usd_per_unit_month": 900.0, "term_periods": 2, "site": "oslo"}
    flex = {"offer": "f1", "sku": "gpu", "kind": "on_demand", "period": 0, "max_units": 900, "rent_usd_per_unit_month": 2000.0, "site": "oslo"}
    offers = frame("offers", [{"offer": "l1", **lease}, {"offer": "l2", **lease}, flex], N)
    tables = small_plan()
    tables["orders"] = pd.DataFrame([(q, "gpu", "2027Q1", "2027Q1", u, u / 100) for q, u in (("l1", 200.0), ("l2", 48.0))], columns=tables["orders"].columns)
    rows = [("f1", "oslo", "oslo", "gpu", p, u, u / 1000) for p, u in (("2027Q2", 100.0), ("2027Q3", 147.0))] + [
        ("l1", "oslo", "oslo", "gpu", "2027Q1", 200.0, 0.5)
    ]
    tables["rents"] = pd.DataFrame(rows, columns=[c.lstrip("#@") for c in COLUMNS["rents"].split()])
    tables["halls"] = tables["halls"].iloc[:1]
    sites = case["sites"].assign(power_included=[True, False])
    return dataclasses.replace(case, tables={**case.tables, "offers": offers, "sites": sites}), tables


def test_what_is_rented_is_not_bought() -> None:
    """The headline says lease and rent; the first decisions tell offers and sites apart; a provider's quota is no hall, and nothing is built."""
    case, tables = rented()
    text = Page(render(case, tables, summary_of(), prices_of(), PROGRESS)).text
    assert "Lease  248 GPU for 2.48 M$ and rent up to 147 accelerators on demand for 0.247 M$" in text and "Buy" not in text.partition("First decisions")[0]
    assert "sign 2 leases (2.48 M$), rent from 1 on-demand offer (0.1 M$)" in text
    decisions = text[text.index("First decisions: 2027Q1") : text.index("Map of")]
    for words in (
        "Lease GPU",
        "Oslo, maker, offer l1",
        "maker, offer l2",
        "Rent GPU on demand",
        "Oslo, maker, offer f1",
        "up to 100 accelerators",
        "0.1 M$ of rent on demand",
    ):
        assert words in decisions
    assert "Build hall" not in decisions and "Build hall h2" in Page(page_of()).text
    assert "all capacity is a provider's" in text and "IT capacity of halls 10 MW" not in text


@pytest.mark.parametrize("hostile", [HOSTILE, "</style><style>*{}", "--><!--", "${x}`'\"", "a b=c onload=d"])
def test_hostile_text_stays_text(hostile: str) -> None:
    """No string of the data opens a tag, an attribute or a request."""
    plain, page = Page(page_of()), Page(page_of(hostile))
    assert {t for t, _ in page.tags} == {t for t, _ in plain.tags}
    assert {name for _, a in page.tags for name in a} == {name for _, a in plain.tags for name in a}
    raw = page_of(hostile)
    assert raw.lower().count("<script") == 1 and "<img" not in raw.lower() and "\x00" not in raw and "\u202e" not in raw


def test_every_text_field_of_the_input_may_be_hostile() -> None:
    """Every text column of every table of the small case may hold markup."""
    case, tables = small_case(HOSTILE), small_plan(HOSTILE)
    changed = dict(case.tables)
    for name, df in case.tables.items():
        free = [c.name for c in TABLES[name] if c.kind == "text" and c.name not in ("hall", "domain", "vendor")]
        changed[name] = df.assign(**dict.fromkeys(free, HOSTILE))
    raw = render(
        dataclasses.replace(case, tables=changed),
        tables,
        summary_of(HOSTILE, check={"ok": False, "violations": [HOSTILE]}),
        prices_of(HOSTILE),
        PROGRESS,
    )
    assert {t for t, _ in Page(raw).tags}.isdisjoint({"img", "iframe", "object"}) and raw.lower().count("<script") == 1


def test_nothing_is_loaded_and_the_policy_forbids_it() -> None:
    """There is no external address, no style attribute, no handler; the policy allows the one style sheet and the one script by their hashes."""
    raw = page_of()
    page = Page(raw)
    policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    css = re.search(r"<style>(.*?)</style>", raw, re.S)
    script = re.search(r"<script>(.*?)</script>", raw, re.S)
    assert css and script and policy
    for kind, text in (("style", css[1]), ("script", script[1])):
        assert f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bFunction\(|import\(|fetch\(|XMLHttp|WebSocket", script[1])
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert "url(" not in css[1] and "@import" not in css[1] and "http:" not in raw and "https:" not in raw
    assert all(not {"src", "style", "srcset"} & set(a) and not any(k.startswith("on") for k in a) for _, a in page.tags)


@pytest.mark.parametrize(
    ("without", "words"),
    [
        (("jobs", "job_skus"), "The case has no training jobs."),
        (("services", "demand", "metros"), "The case has no inference services."),
        (("grid", "generators", "ppas", "tariffs"), "Power is not modelled in this case"),
    ],
)
def test_an_absent_layer_is_said(without: tuple[str, ...], words: str) -> None:
    """Without jobs, services or power the page renders and says what is absent."""
    case = small_case()
    lean = dataclasses.replace(case, tables={k: v for k, v in case.tables.items() if k not in without})
    assert words in Page(render(lean, {}, summary_of(), pd.DataFrame(), [])).text


def test_a_plan_that_does_nothing_renders() -> None:
    """Empty plan tables give a page that says so everywhere."""
    text = Page(render(small_case(), {}, summary_of(kpis={}, phases=[]), pd.DataFrame(), [])).text
    for words in (
        "No new hall is built",
        "No training job is placed",
        "No site draws power",
        "No accelerators",
        "The plan moves no money",
        "No limit has a price",
        "No progress",
    ):
        assert words in text


@pytest.mark.parametrize(("status", "words"), [("infeasible", "cannot all hold"), ("no plan", "Nothing is proven")])
def test_a_run_without_a_plan(status: str, words: str) -> None:
    """Without a plan the page says whether that is proven, and shows no empty charts."""
    none = {"objective": None, "bound": None, "verified_bound": None, "gap": None, "check": None}
    page = Page(render(small_case(), {}, summary_of(status=status) | none | {"status": status}, pd.DataFrame(), []))
    assert words in page.text and {a["id"] for t, a in page.tags if t == "section"} == {"progress", "inputs"}


def test_a_failed_check_is_the_first_thing_said() -> None:
    """A plan that the checker rejects carries a warning with the violations before anything else."""
    text = Page(page_of(check={"ok": False, "violations": ["hall_it_mw at oslo in 2027Q2"]})).text
    assert text.index("Do not act on this plan") < text.index("Build  1 hall") and "hall_it_mw at oslo" in text


def test_power_is_compared_with_what_is_on_in_the_tightest_block() -> None:
    """The interruptible tier does not count in the stress block, the free tier counts from its date, solar by its profile."""
    power = tightest(flows(Facts.of(small_case(), small_plan()))).set_index(["site", "period"])
    assert power.loc[("oslo", 0), "block"] == "peak"
    assert power.loc[("oslo", 0), "limit"] == pytest.approx(15.0)
    assert power.loc[("oslo", 2), "limit"] == pytest.approx(40.0)  # no sun in the stress block
    assert power.loc[("oslo", 2), ["grid", "contracts", "load"]].tolist() == pytest.approx([7.2, 4.8, 12.0])


def test_present_value_discounts_each_period() -> None:
    """Cash of a period counts at the discount factor of its start, the residual value at that of the end."""
    worth = Facts.of(small_case(), small_plan()).present_value
    assert worth["capex"] == pytest.approx(150.0)
    assert worth["value"] == pytest.approx(-90.0 / 1.1**0.75)
    assert worth["salvage"] == pytest.approx(-40.0 / 1.1)


def test_tables_read_from_csv_look_alike(tmp_path) -> None:
    """A plan that went through CSV files gives the same page."""
    plan = {}
    for name, df in small_plan().items():
        df.to_csv(tmp_path / name, index=False)
        plan[name] = pd.read_csv(tmp_path / name)
    assert render(small_case(), plan, summary_of(), prices_of(), PROGRESS) == page_of()


def test_a_missing_column_or_a_wrong_period_is_an_error() -> None:
    """A plan table that is not as documented is refused with its name and column."""
    with pytest.raises(DataError, match="orders: column 'units'"):
        render(small_case(), {"orders": small_plan()["orders"].drop(columns="units")}, summary_of(), prices_of(), [])
    with pytest.raises(DataError, match="is not a period"):
        render(small_case(), {"cash": pd.DataFrame({"period": ["soon"], "term": ["capex"], "musd": [1.0]})}, summary_of(), prices_of(), [])


def test_traffic_above_its_limit_is_named() -> None:
    """A round trip longer than the limit is drawn at the limit and said in words."""
    plan = small_plan()
    plan["inference"]["rtt_ms"] = 61.0
    page = render(small_case(), plan, summary_of(), prices_of(), PROGRESS)
    assert "Above their limit, shown at it: Chat" in page and "Above their limit" not in page_of()


def test_a_bound_above_the_objective_is_not_called_a_proof() -> None:
    """Where plan and bound contradict each other, the page says so instead of giving a gap as proof."""
    assert "contradict each other" in page_of(verified_bound=30.0)


@pytest.mark.parametrize(("months", "label"), [(1, "2027-01"), (6, "2027H1"), (12, "2027")])
def test_other_period_lengths(months: int, label: str) -> None:
    """One period of a month, a half year or a year works, also where CSV turns 2027 into a number."""
    case = dataclasses.replace(small_case(), n_periods=1, period_months=months, start=period_number(label, months))
    lean = dataclasses.replace(case, tables={k: v for k, v in case.tables.items() if k not in ("demand", "services", "budget")})
    period: object = int(label) if months == 12 else label
    halls = pd.DataFrame({"site": ["oslo"], "hall": ["h2"], "in_service": [period], "it_mw": [20.0], "existing": [0]})
    assert f"the first in service in {label}" in Page(render(lean, {"halls": halls}, summary_of(), prices_of(), [])).text


def test_a_case_without_any_table_renders() -> None:
    """A published instance may have no site at all."""
    page = Page(render(Case(name="bare", n_periods=1, start=period_number("2027Q1", 3)), {}, summary_of(), pd.DataFrame(), []))
    assert "The case has no sites" in page.text and "change nothing" in page.text.lower()


def test_scarce_are_limits_by_kind_and_worth() -> None:
    """One table per kind, five rows each, worth most first; prices of use are left out and the kind of price is said once."""
    text = Page(page_of()).text
    found = text[text.rindex("What is scarce") : text.rindex("How the plan was found")]
    assert "The 5 of 7 that are worth most" in found and "peak" not in found
    assert found.count("local dual, decisions fixed") == 1 and "not the prices that prove the bound" in found
    found = found[found.index("The 5 of 7") : found.index("Limits that are reached")]
    order = [found.index(words) for words in ("210 M$", "120 M$", "90 M$", "60 M$", "50 M$", "Budget", "100 M$")]
    assert order == sorted(order) and "20 M$ " not in found.replace("120 M$", "")


def test_every_kind_of_price_is_a_limit_or_a_use() -> None:
    """No kind is forgotten, and a plan of which only other kinds have prices is not called one that no limit holds back."""
    assert set(KINDS) | USES == set(FAMILIES) and not set(KINDS) & USES
    one = prices_of().iloc[:1].assign(resource="lease_split[o1]", kind="lease_split", place="", sku="gpu", period="", price=0.5, unit="M$/accelerator")
    text = Page(render(small_case(), small_plan(), summary_of(), one, PROGRESS)).text
    assert "Leased accelerators" in text and "No limit has a price" not in text
    use = Page(render(small_case(), small_plan(), summary_of(), prices_of().iloc[8:], PROGRESS)).text
    assert "No limit has a price" in use and "30 prices of use" in use


def test_accelerators_are_scarce_by_what_is_owned() -> None:
    """Leased units, and those sold on, at the end of their service or on the way, are not part of the limit that a price of owned units is for."""
    case = small_case()
    lease = {"offer": "l1", "sku": "gpu", "kind": "lease", "period": 0, "max_units": 9000, "rent_usd_per_unit_month": 900.0, "term_periods": 1}
    old = {"offer": "o2", "sku": "gpu", "kind": "buy", "period": 0, "max_units": 9000, "unit_price_usd": 30000.0}
    offers = frame("offers", [*case["offers"].to_dict("records"), old, lease], N)
    tables = small_plan()
    tables["orders"] = pd.DataFrame([
        ("o1", "gpu", "2027Q1", "2027Q2", 5000.0, 150.0), ("o2", "gpu", "2027Q1", "2027Q1", 70.0, 2.1), ("l1", "gpu", "2027Q1", "2027Q1", 20000.0, 54.0),
    ], columns=tables["orders"].columns)  # fmt: skip
    tables["resales"] = pd.DataFrame([("o1", "gpu", "2027Q3", 40.0, 1.0)], columns=["offer", "sku", "period", "units", "musd"])
    tables["moves"] = pd.DataFrame([("gpu", "2027Q3", 7.0, 0.1)], columns=["sku", "period", "units", "cost_musd"])
    skus = case["skus"].assign(service_periods=2)
    facts = Facts.of(dataclasses.replace(case, tables={**case.tables, "offers": offers, "skus": skus}), tables)
    assert _chips(facts) == {("gpu", p, ""): units for p, units in zip(PERIODS, (70.0, 5070.0, 4953.0, 0.0), strict=True)}


def test_why_a_job_is_left_out() -> None:
    """The reason says at how many options which rule excludes the job; without the table there is no such column."""
    case = small_case()
    options = frame("job_skus", [{"job": "late", "sku": "gpu", "units": 10.0, "duration_periods": 1}], N)
    case = dataclasses.replace(case, tables={**case.tables, "job_skus": options})
    lost = pd.DataFrame({"workload": ["late", "chat"], "place": ["oslo", "oslo"], "sku": ["gpu", ""], "rule": ["size", "latency"], "n": [1, 4]})
    text = Page(render(case, small_plan(), summary_of(), prices_of(), PROGRESS, lost)).text
    assert "Ruled out at all 1 (site, SKU) options: size 1" in text and "latency 4" not in text
    more = frame("job_skus", [{"job": "late", "sku": k, "units": 10.0, "duration_periods": 1} for k in ("gpu", "tpu")], N)
    wide = dataclasses.replace(case, tables={**case.tables, "job_skus": more})
    assert "Ruled out at 1 of 2 (site, SKU) options: size 1; the rest lost" in Page(render(wide, small_plan(), summary_of(), prices_of(), [], lost)).text
    assert "No rule forbids it" in Page(render(case, small_plan(), summary_of(), prices_of(), [], lost.iloc[:0])).text
    assert "Ruled out" not in Page(page_of()).text and "No rule forbids" not in Page(page_of()).text


@pytest.mark.parametrize("x", ["", HOSTILE])
def test_an_infeasible_run_says_why(x: str) -> None:
    """What nothing can serve, the proof and the counts of the rules are prominent on the page and in the terminal."""
    none = {"objective": None, "bound": None, "verified_bound": None, "gap": None, "check": None}
    why = {
        "status": "infeasible",
        "infeasible_by": "dual ray verified",
        "unservable": ["job[big]: size excludes 3" + x] * 20,
        "excluded": {"size": 3, "dates": 1},
    }
    summary = summary_of() | none | why
    raw = render(small_case(), {}, summary, pd.DataFrame(), [])
    page, text = Page(raw), terminal_summary(summary, {})
    assert page.text.index("job[big]: size excludes 3") < page.text.index("What the rules exclude") and raw.lower().count("<script") == 1
    assert "dual ray verified" in page.text and "And 6 more" in page.text
    for words in ("proof:   dual ray verified", "job[big]: size excludes 3", "+ 16 more", "size 3, dates 1"):
        assert words in text
    assert len(text.splitlines()) <= 25 and max(map(len, text.splitlines())) <= 80 and "\x00" not in text


def test_an_interrupted_run_says_so_first() -> None:
    """The page has it before the answer, the terminal in its second line; a run that was not says nothing of it."""
    text = Page(page_of(interrupted=True)).text
    assert text.index("Interrupted:") < text.index("Build  1 hall") and "Interrupted" not in Page(page_of()).text
    lines = terminal_summary(summary_of(interrupted=True), small_plan()).splitlines()
    assert lines[1].startswith("INTERRUPTED") and max(map(len, lines)) <= 80


def test_the_objective_is_no_present_value() -> None:
    """The present value leaves the penalties out, the objective has them in."""
    plan = small_plan()
    plan["cash"] = pd.concat([plan["cash"], pd.DataFrame({"period": ["2027Q1"], "term": ["unmet"], "musd": [70.0]})])
    with_penalty, without = (present_value(Facts.of(small_case(), p)) for p in (plan, small_plan()))
    assert with_penalty == pytest.approx(without)
    assert without == pytest.approx(-(151.0 + 3.0 / 1.1**0.25 - 90.0 / 1.1**0.75 - 40.0 / 1.1))


def test_a_contract_costs_by_the_year() -> None:
    """4000 MWh over the year at 40 $/MWh: 0.16 M$ a year, which is not part of what is to commit."""
    text = Page(page_of()).text
    assert "6 MW at 40 $/MWh, 4 periods" in text and "about 0.16 M$ a year" in text


def test_no_raw_key_is_shown() -> None:
    """Key figures have labels with units, and nothing reads like a column name or a percentage of nothing."""
    keys = {"it_mw_end": 7457.0, "contract_share": 0.256, "served_gtok": 12.0, "own_generation_share": math.nan, "salvage_grid_musd": -3.0}
    text = Page(page_of(kpis=keys, phases=[{"phase": "root", "began_s": 2.408, "seconds": 3.0}])).text
    for words in (
        "IT capacity of halls at the end",
        "7,457 MW",
        "Energy from power contracts",
        "25.6 %",
        "12 Gtok",
        "began at 2.4 s",
        "Residual value: grid connections",
    ):
        assert words in text
    assert "\u2013 %" not in text and not [k for k in (*keys, "began_s", "rel_gap") if k in text]


def test_the_terminal_names_the_two_largest() -> None:
    """Lists name two and count the rest, on a second line where they are long; both gaps are on one line."""
    assert naming("buy: 9", ["a 3", "b 2", "c 1"]) == ["buy: 9: a 3, b 2 + 1 more"]
    assert naming("x" * 50, ["a" * 20, "b" * 20]) == ["x" * 50 + ":", " " * 9 + "a" * 20 + ", " + "b" * 20]
    text = terminal_summary(summary_of(), small_plan())
    lines = [line.split() for line in text.splitlines()]
    assert ["gap:", "2.6", "%", "verified"] in lines and ["2.1", "%", "the", "solver's", "own"] in lines
    assert ["25", "Mtok/day", "in", "2027Q1,", "the", "most", "demand", "of", "1", "service", "not", "served"] in lines


def test_terminal_summary_fits_and_says_the_same() -> None:
    """At most 25 lines of 80 columns, with the result, what is short, and what to do next."""
    text = terminal_summary(summary_of(), small_plan())
    assert len(text.splitlines()) <= 25 and max(map(len, text.splitlines())) <= 80
    for words in (
        "small: feasible",
        "23.5 M$",
        "2.6 %",
        "1 new hall",
        "5,000 accelerators",
        "late 7.5 M$",
        "placement explain RUN",
        "placement report RUN",
        "placement check CASE RUN",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("run", "case", "report", "check"),
    [
        ("run", "/d/small", "placement report run ", "placement check /d/small run "),
        ("my run", "/d/it's", "placement report 'my run' ", "placement check '/d/it'\"'\"'s' 'my run' "),
        ("r" * 60, "/c" * 40, f"placement report {'r' * 60}", f"placement check {'/c' * 40} {'r' * 60}"),
        ("a\x1b[31mb", None, "placement report RUN ", "placement check CASE RUN "),
        ("/Länge/é", "/名", "placement report /Länge/é", "placement check /名 /Länge/é"),
    ],
)
def test_commands_can_be_pasted(run: str, case: str | None, report: str, check: str) -> None:
    """The next commands name the real folders, quoted for a shell and never cut; what a terminal must not see stays out."""
    text = terminal_summary(summary_of() | {"run": run, "case_path": case}, small_plan())
    tail = [line + " " for line in text.splitlines()[-2:]]
    explain = text.splitlines()[-3].removeprefix("next:")
    assert shlex.quote(run) in tail[0] or "\x1b" in run
    for line, command in zip(tail, (report, check), strict=True):
        words = shlex.split(command)
        assert shlex.split(line.removeprefix("next:"))[: len(words)] == words
    assert shlex.split(explain)[:3] == shlex.split(f"placement explain {report.removeprefix('placement report ')}")[:3]
    assert "\x1b" not in text and len(text.splitlines()) <= 25


def test_amounts_stand_in_one_column() -> None:
    """The summary reads as a table: every amount ends in the column in which the first one ends."""
    lines = terminal_summary(summary_of(), small_plan()).splitlines()[1:-3]
    end = lines[0].index("  and penalties")
    rows = [line for line in lines if line[:end].strip()]
    assert len(rows) > 10
    for line in rows:
        assert line[end - 1] != " " and not line[end : end + 2].strip(), line


def test_terminal_summary_is_safe_and_short_with_hostile_names() -> None:
    """Escape sequences and line breaks of ids never reach the terminal; long names are cut."""
    nasty = "\x1b[31m\r\n" + "名" * 60
    failed = summary_of(nasty, check={"ok": False, "violations": [nasty] * 9})
    text = terminal_summary(failed, small_plan(nasty))
    assert "\x1b" not in text and "\r" not in text and len(text.splitlines()) <= 25
    assert all(sum(2 if c == "名" else 1 for c in line) <= 80 for line in text.splitlines())
    assert "FAILED" in text


@pytest.mark.parametrize("status", ["infeasible", "no plan"])
def test_terminal_summary_without_a_plan(status: str) -> None:
    """Without a plan the summary names the next step."""
    text = terminal_summary(summary_of() | {"status": status, "objective": None, "verified_bound": None}, {})
    assert status in text and "next:" in text and "build" not in text


def test_numbers_read_well() -> None:
    """Thin separators, a real minus sign, no false 0 or 100 per cent."""
    assert fixed(1234567.4) == "1,234,567" and fixed(-0.001, 1) == "0.0" and fixed(None) == "\u2013"
    assert musd(-1234.5) == "\u22121,234\u202fM$" and musd(0.25) == "0.25\u202fM$"
    assert percent(0.9999) == ">\u202f99.9\u202f%" and percent(1.0) == "100\u202f%" and percent(1e-7) == "<\u202f0.01\u202f%"
    assert quantity("renewable_share", 0.5) == ("Renewable", "50.0\u202f%") and quantity("cost_usd_per_mtok", 0.4)[1] == "0.4\u202f$/Mtok"
    assert listed(["a", "b", "c", "d", "e"], 3) == "a, b and 3 more"


def test_small_cases_keep_their_precision() -> None:
    """Value, bound and difference of a case of 18 M$ are told apart: four digits, on the page and in the terminal."""
    told = summary_of(objective=-18.0134, bound=-18.0142, verified_bound=-18.0153)
    page, terminal = Page(render(small_case(), small_plan(), told, prices_of(), PROGRESS)).text, terminal_summary(told, small_plan())
    assert "Value less cost and penalties: 18.01 M$" in page and "better by more than 0.0019 M$" in page
    assert "18.01 M$" in terminal and "18.02 M$  at most, verified" in terminal
    assert musd(270346.6).replace("\u202f", " ") == "270,347 M$" and musd(0) == "0\u202fM$"


def test_cells_of_a_heat_map_are_rounded() -> None:
    """75.8 % is 76, not 75; what is not quite full or empty is neither 100 nor 0."""
    shares = np.array([[0.758, 0.754, 0.999, 0.001, 1.0, 0.0]])
    words = Page(heat(["a"], list("123456"), shares, "t", "used")).words
    assert [w for w in words if w in {"76", "75", ">99", "<1", "100", "0"}] == ["76", "75", ">99", "<1", "100", "0"]


def test_returns_are_named_for_what_they_set_against_what() -> None:
    """Income of what is there already is in both, so neither is called a return or a payback of what is built, and the page says what each is."""
    raw = page_of(kpis={"roi": 7.34, "payback_years": 0.25, "units_end": 1023.7})
    figures = raw[raw.index('<section id="figures"') : raw.index('<section id="inputs"')]
    assert "EBIT of the whole plan per $ of new capital" in figures and "Years until all income covers all spending" in figures
    assert figures.count(html.escape(DEFINITIONS["roi"])) == 2 and "It is no return on the new capital" in Page(figures).text  # pointed at, and in words
    assert "1,024" in Page(figures).text and "1023" not in Page(figures).text  # accelerators are counted
    assert "It is no return on the new capital" not in Page(page_of(kpis={"units_end": 1.0, "roi": None})).text


def test_parts_of_a_term_stand_behind_it() -> None:
    """What capital is spent on follows capital spending, wherever a run has it; all else keeps its place."""
    kpis = dict.fromkeys(["capex_musd", "energy_musd", "roi", "units_end", "capex_grid_musd", "energy_grid_musd", "co2_kt"], 1.0)
    page = Page(page_of(kpis=kpis)).text.rpartition("Key figures")[2]
    words = (
        "Capital spending ",
        "Capital spending: grid connections",
        "Energy from grid",
        "Energy: grid connections",
        "EBIT of the whole",
        "Accelerators at the end",
        "CO\u2082",
    )
    assert [page.index(w) for w in words] == sorted(page.index(w) for w in words)


def test_what_is_hardly_below_zero_takes_no_fifth_of_a_chart() -> None:
    """A stack from -10 to 1,000 has no mark below zero, and its bar is inside the chart; one from -400 has."""
    few, many = (stacked([Series("a", np.array([1000.0, low]), "c0")], ["1", "2"], "MW", "t", "s") for low in (-10.0, -400.0))
    assert "\u2212" not in few.replace("\u221210", "") and "\u2212500" in many
    bars = [tuple(map(float, b)) for b in re.findall(r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', few)]
    assert all(y + tall <= 250 - 24 for y, tall in bars)


def test_key_figures_have_the_sign_and_the_words_of_a_planner() -> None:
    """Income is shown as income, offsets and interest by their name, and no label says less than what is counted."""
    shown = {"value_musd": -90.0, "salvage_chips_musd": -40.0, "value_releases_musd": -8.0, "units_sold": 3.0, "rented_unit_share": 0.002, "npv_musd": 5.0}
    found = [tuple(part.replace("\u202f", " ") for part in figure_of(k, v)) for k, v in shown.items()]
    assert found == [
        ("Income from jobs and services", "90 M$"), ("Residual value: accelerators", "40 M$"), ("Income: releases", "8 M$"),
        ("Accelerators sold on", "3"), ("Rented accelerators, share of all in service", "0.20 %"), ("Net present value, without penalties", "5 M$"),
    ]  # fmt: skip
    assert figure_of("carbon_carbon_musd", 1.0)[0] == "Carbon offsets bought"
    assert figure_of("spare_share", 2.107) == ("Spare accelerators for each one that serves", "2.11")
    required = prices_of().iloc[:1].assign(resource="domestic_share[home]", kind="domestic_share", place="home", period="", price=-0.1, unit="M$/M$")
    text = Page(render(small_case(), small_plan(), summary_of(), required, PROGRESS)).text
    assert "Chips to be made at home" in text and "One unit less required, M$ per M$" in text and "\u22120.1" not in text


def test_a_step_is_drawn_after_those_before_it() -> None:
    """Half a quarter of energising follows equipment of one and a half: no bar begins before its predecessor ends."""
    case = small_case()
    steps = [
        {"milestone": "equipment", "lead_p10": 1.5, "lead_p50": 1.5, "lead_p90": 1.5},
        {"milestone": "energise", "lead_p10": 0.5, "lead_p50": 0.5, "lead_p90": 0.5, "after": "equipment"},
        {"milestone": "test", "lead_p10": 0.2, "lead_p50": 0.2, "lead_p90": 0.2, "after": "energise"},
    ]
    tables = small_plan()
    tables["halls"]["in_service"] = ["2027Q1", "2027Q4"]
    rows = [("oslo", "h2", m, p, 1.0, 2.0, 3.0) for m, p in (("equipment", "2027Q1"), ("energise", "2027Q3"), ("test", "2027Q3"))]
    tables["milestones"] = pd.DataFrame(rows, columns=tables["milestones"].columns)
    milestones = frame("milestones", [{"site": "oslo", "hall": "h2", "cost_musd": 1.0, **s} for s in steps], N)
    facts = Facts.of(dataclasses.replace(case, tables={**case.tables, "milestones": milestones}), tables)
    found = with_leads(facts, {("oslo", "h2"): 3})
    assert found["begin"].tolist() == pytest.approx([0.8, 2.3, 2.8])
    ends = (found["begin"] + found["lead_p50"]).tolist()
    assert all(b >= e - 1e-9 for e, b in zip(ends, found["begin"].tolist()[1:], strict=False)) and ends[-1] == pytest.approx(3.0)


def test_new_halls_that_stay_empty_are_named() -> None:
    """3.1 MW of accelerators fit into the old hall of 10 MW: the new one stays empty; with 13 MW it does not."""
    tables = small_plan()
    assert "Nearly empty: in 2027Q4" in Page(page_of()).text and "1 new hall of 20 MW in all: Oslo h2 (20 MW)" in Page(page_of()).text
    tables["chips"]["deployed"] = 13000.0
    assert "Nearly empty" not in Page(render(small_case(), tables, summary_of(), prices_of(), PROGRESS)).text


def test_lanes_never_overlap_and_are_as_few_as_possible() -> None:
    """Interval packing uses exactly as many lanes as bars overlap at the worst moment."""
    rng = np.random.default_rng(0)
    bars = [Bar(float(a), float(a + d), str(i), "c0", "") for i, (a, d) in enumerate(zip(rng.integers(0, 20, 60), rng.integers(1, 6, 60), strict=True))]
    packed = lanes(bars)
    assert all(a.end <= b.start for lane in packed for a, b in pairwise(lane))
    assert len(packed) == max(sum(b.start <= t < b.end for b in bars) for t in range(30))


def test_weighted_quantile_weighs() -> None:
    """The median of heavy and light values is the heavy one."""
    assert weighted_quantile(np.array([5.0, 1.0]), np.array([9.0, 1.0]), [0.05, 0.5]) == [1.0, 5.0]


def test_a_large_plan_stays_small() -> None:
    """Inference rows are aggregated: 30,000 of them leave the page far below 3 MB."""
    plan = small_plan()
    plan["inference"] = pd.concat([plan["inference"]] * 7500, ignore_index=True)
    assert len(render(small_case(), plan, summary_of(), prices_of(), PROGRESS)) < 1_000_000
