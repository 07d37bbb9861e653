"""Accelerators and the schedule on the page: what is there is what was bought, rented or there before, and every job and hall has its bar."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from placement.report.facts import Facts
from placement.report.sections_chips import chips_section
from placement.report.sections_schedule import MOST_ROWS, schedule_section
from tests.report.conftest import amount, cells


def test_units_are_neither_lost_nor_made(corner) -> None:
    """In halls = training + serving + idle; owned = in halls + in stock - there before - rented; what is ordered arrives."""
    df = corner.facts.balance
    assert np.allclose(df["there"], df["training"] + df["serving"] + df["idle"])
    installed = corner.facts.plan["chips"].groupby(["sku", "period"])["installed"].sum().reindex(pd.MultiIndex.from_frame(df[["sku", "period"]])).fillna(0.0)
    assert np.allclose(df["owned"] + df["rented"] + installed.to_numpy(), df["there"] + df["stock"], atol=1e-3)
    orders = corner.plan.tables["orders"]
    assert df["ordered"].sum() == pytest.approx(orders["units"].sum()) and df["arriving"].sum() == pytest.approx(orders["units"].sum())


def test_what_waits_is_in_stock(corner) -> None:
    """Bought units that no hall holds are in stock from their arrival on, and the page says so."""
    chips = corner.plan.tables["chips"]
    less = chips.assign(deployed=chips["deployed"].where(chips["sku"] != "b200", chips["deployed"] / 2))
    facts = Facts.of(corner.case, {**corner.plan.tables, "chips": less})
    moved = less.loc[less["sku"] == "b200"].groupby("period")["deployed"].sum().reindex(corner.case.periods)
    assert facts.balance.loc[lambda d: d["sku"] == "b200", "stock"].tolist() == pytest.approx(moved.tolist(), abs=1e-3)
    assert "owned, not in a hall" in chips_section(facts) and "owned, not in a hall" not in chips_section(corner.facts)


def test_the_table_of_accelerators_is_that_of_the_plan(corner) -> None:
    """Printed units of the last period are those of the plan table."""
    rows = [r for r in cells(chips_section(corner.facts)) if r[:2] == ["NVIDIA B200", corner.case.periods[-1]]]
    head = next(r for r in cells(chips_section(corner.facts)) if r[0] == "Accelerator" and "In halls" in r)
    last = corner.plan.tables["chips"].loc[lambda d: (d["sku"] == "b200") & (d["period"] == corner.case.periods[-1])]
    shown = dict(zip(head, rows[0], strict=True))
    assert amount(shown["In halls"]) == pytest.approx((last["installed"] + last["deployed"]).sum(), abs=0.51)
    assert amount(shown["Training"]) == pytest.approx(last["training"].sum(), abs=0.51) and amount(shown["Serving"]) == pytest.approx(
        last["serving"].sum(), abs=0.51
    )


def test_full_sites_are_those_of_the_key_figure(corner) -> None:
    """Power at work over power in halls, all sites and periods together, is the utilisation of the key figures."""
    df = corner.facts.loads
    assert df["used"].sum() / df["filled"].sum() == pytest.approx(corner.plan.kpis["chip_utilisation"])
    assert (df["filled"] <= df["built"] + 1e-6).all()
    last = df.loc[df["period"] == corner.case.n_periods - 1]
    assert last["built"].sum() == pytest.approx(corner.plan.kpis["it_mw_end"])
    assert (last["built"] - last["filled"]).sum() == pytest.approx(corner.plan.kpis["stranded_it_mw_end"], rel=1e-6)


def test_every_job_and_every_new_hall_has_its_bar(corner) -> None:
    """One axis: a bar per job, one per milestone and one per new hall from its first period on; the tables have the same rows."""
    page = schedule_section(corner.facts)
    for job in corner.plan.tables["training"].itertuples():
        assert f"{job.start} to {job.end}, worth" in page and f"<td>{job.job}</td>" in page
    assert "OpenAI Stargate UAE s1: in service, 200\u202fMW, from 2026Q4 on" in page
    assert page.count(": start in ") == len(corner.plan.tables["milestones"])
    assert page.count('class="limit"') == 0 and page.count("<svg") - page.count('aria-hidden="true"') == 1


def test_many_jobs_are_cut_in_the_chart_only(corner) -> None:
    """200 jobs in 90 fabric domains: the chart shows the first rows and says so, the table has all."""
    one = corner.plan.tables["training"].iloc[[0]]
    jobs = pd.concat([one.assign(job=f"j{i:03d}", domain=f"d{i % 90:02d}", site=one["site"].iloc[0]) for i in range(200)])
    page = schedule_section(Facts.of(corner.case, {**corner.plan.tables, "training": jobs}))
    assert f"The first {MOST_ROWS} of " in page
    assert len({r[0] for r in cells(page) if r[0].startswith("j") and len(r) == 8}) == 200
