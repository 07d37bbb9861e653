"""Why not there, why here, and what blocks a release."""

from __future__ import annotations

import pytest

import placement
from placement.errors import OptionError
from placement.explain.plans import decisions
from tests.layers.small import TABLES, edited, small_case, solved

EXACT = placement.Effort(rel_gap=0.0)
ONLY_ES = [{"class": "eu", "country": "ES", "allow": 1, "rule_id": "eu-1", "source": "Regulation 1/2027, art. 2", "assumption": "applied as a whole"}]
NO_SERVICES = {"services": None, "service_skus": None, "demand": None, "metros": None, "links": None}


def test_rule_that_excludes_is_quoted(tmp_path):
    """The first hard rule, with its id, the row of the case and what its source column says."""
    plan = solved(small_case(tmp_path, jobs=edited("jobs", residency="eu"), residency=ONLY_ES))
    answer = plan.why_not("big", "north")
    assert answer.cost is None
    assert set(answer.exclusions["rule"]) == {"residency:eu-1"}
    assert answer.exclusions["source"].iloc[0] == "residency.csv line 2: Regulation 1/2027, art. 2; applied as a whole"
    assert answer.answer.startswith("big cannot run at north: rule residency:eu-1: work of class 'eu' (or its data) may not be in NO")
    assert answer.sites["answer"].tolist() == ["excluded"]


@pytest.mark.parametrize(
    ("tables", "site", "rule", "says"),
    [
        ({"jobs": edited("jobs", min_hbm_gb=100)}, "north", "memory", "asks for 100 GB per accelerator; old has 80"),
        ({"job_skus": edited("job_skus", units=6000)}, "north", "size", "the gang takes 6,000 old (6.0 MW of IT); at most 4,000 can stand in north"),
        ({"jobs": edited("jobs", min_firmness=0.995)}, "south", "firmness", "needs 1.3 MW of firmness 0.995; south has 0.0 at most"),
    ],
)
def test_rules_speak_with_the_numbers_of_the_case(tmp_path, tables, site, rule, says):
    """Need and most that there can be, by hand."""
    plan = solved(small_case(tmp_path, **tables))
    rows = plan.why_not("big", site).exclusions
    assert says in rows.loc[rows["rule"] == rule, "says"].tolist()


def test_forced_cost_is_that_of_the_case_with_the_other_site_forbidden(tmp_path):
    """The same number by editing the case: a residency rule that leaves one country only."""
    free = solved(small_case(tmp_path / "free", **NO_SERVICES))
    bound = solved(small_case(tmp_path / "bound", jobs=edited("jobs", residency="eu"), residency=ONLY_ES, **NO_SERVICES))
    answer = free.why_not("big", "south", effort=EXACT)
    assert answer.cost is not None
    assert answer.cost.estimate == pytest.approx(bound.objective - free.objective, abs=1e-6)
    assert answer.cost.low == pytest.approx(answer.cost.high, abs=1e-6)
    assert answer.cost.verified_low <= answer.cost.estimate <= answer.cost.verified_high
    assert answer.terms["difference_musd"].sum() == pytest.approx(answer.cost.estimate, abs=1e-6)
    assert answer.moved["workload"].tolist() == ["big"]
    hall = answer.prices[answer.prices["what"] == "hall s1 built"]
    assert (hall["free"] == 0).all() and len(hall)
    assert answer.prices["cost_musd"].sum() == pytest.approx(
        answer.prices["use"].mul(answer.prices["price_musd"]).sum() + answer.prices.loc[answer.prices["use"].isna(), "cost_musd"].sum()
    )


def test_why_here_compares_all_sites_and_leaving_it_out(tmp_path):
    """Without the job its value is lost and its costs are saved: the difference to a case without it."""
    plan = solved(small_case(tmp_path / "one", **NO_SERVICES))
    answer = plan.why_here("big", effort=EXACT)
    rows = answer.sites.set_index("site")
    assert rows["answer"].to_dict() == {"north": "placed", "south": "costs more", "(nowhere)": "costs more"}
    assert rows.loc["south", "cost_musd"] == pytest.approx(plan.why_not("big", "south", effort=EXACT).cost.estimate, abs=1e-6)
    worthless = solved(small_case(tmp_path / "none", jobs=edited("jobs", value_musd=1e-3), **NO_SERVICES))
    assert rows.loc["(nowhere)", "cost_musd"] == pytest.approx(worthless.objective - plan.objective, abs=1e-6)
    assert "The plan runs big at north." in answer.answer


def test_where_it_is_the_cost_of_moving_it_away_is_given(tmp_path):
    """Asked about the site that has it, the answer is why here."""
    plan = solved(small_case(tmp_path, **NO_SERVICES))
    answer = plan.why_not("big", "north", effort=EXACT)
    assert answer.answer.startswith("The plan has job big at north. To have none of it there: ")
    assert answer.cost.estimate == pytest.approx(min(plan.why_here("big", effort=EXACT).sites["cost_musd"].dropna()), abs=1e-6)


def test_share_of_a_service_is_forced_period_by_period(tmp_path):
    """Half of the demand from a site that serves less: in that period it serves half, and it costs what the terms say."""
    plan = solved(small_case(tmp_path))
    served = plan.tables["inference"].query("period == '2027Q3'").groupby("site")["share"].sum()
    site = next(s for s in ("south", "north") if served.get(s, 0.0) < 1 - 1e-6)
    answer = plan.why_not("chat", site, effort=EXACT, share=0.5, periods=["2027Q3"])
    assert answer.cost.estimate >= 0
    assert answer.terms["difference_musd"].sum() == pytest.approx(answer.cost.estimate, abs=1e-6)
    more = plan.why_not("chat", site, effort=EXACT, share=0.9, periods=["2027Q3"])
    assert more.cost.estimate >= answer.cost.estimate - 1e-6


def test_unknown_names_are_told_with_the_nearest_known_one(tmp_path):
    """One clear error each."""
    plan = solved(small_case(tmp_path))
    for call, message in (
        (lambda: plan.why_not("bg"), r"no job or service 'bg'. Did you mean 'big'\?"),
        (lambda: plan.why_not("big", "nort"), r"no site 'nort'. Did you mean 'north'\?"),
        (lambda: plan.why_not("chat", "south", share=1.5), "share is 1.5"),
        (lambda: plan.why_not("chat", "south", periods=["2027Q9"]), "no period '2027Q9'"),
        (lambda: plan.blocks_release("v1"), "small has no releases"),
    ):
        with pytest.raises(OptionError, match=message):
            call()


def test_release_that_waits_for_cheaper_chips(tmp_path):
    """Chips become cheap in the second quarter; an earlier release costs what the case with the later start forbidden costs more."""
    offers = [
        {"offer": "q1", "sku": "new", "period": "2027Q1", "max_units": 2000, "unit_price_usd": 140000},
        {"offer": "q2", "sku": "new", "period": "2027Q2", "max_units": 2000, "unit_price_usd": 30000},
    ]
    job_skus = [{"job": "big", "sku": "new", "units": 500, "duration_periods": 2}]
    tables = {
        "offers": offers,
        "job_skus": job_skus,
        "skus": [row for row in TABLES["skus"] if row["sku"] == "new"],
        "releases": [{"release": "v1", "job": "big", "value_musd_per_period": 5}],
        **NO_SERVICES,
    }
    plan = solved(small_case(tmp_path / "free", **tables))
    assert plan.tables["releases"]["released"].tolist() == ["2027Q4"]
    early = solved(small_case(tmp_path / "early", **tables | {"jobs": edited("jobs", latest="2027Q2", mandatory=1)}))
    answer = plan.blocks_release("v1", effort=EXACT)
    rows = answer.dates.set_index("period")
    assert rows["answer"].to_dict() == {"2027Q1": "too early", "2027Q2": "too early", "2027Q3": "costs more", "2027Q4": "out"}
    assert rows.loc["2027Q3", "cost_musd"] == pytest.approx(early.objective - plan.objective, abs=1e-6)
    assert answer.answer.startswith("v1 is out in 2027Q4: its job big ends in 2027Q3.")


def test_shares_that_change_are_those_of_the_plan(frontier_small):
    """What a service has at a site before it is forced is what ``compare`` says of the plan: a share of the tokens of the whole horizon."""
    answer = frontier_small.why_not("chat", "camp-dayone-nusajaya", share=0.15)
    own = decisions(frontier_small.case, frontier_small.tables)["service"]
    rows = answer.moved[answer.moved["site"] != ""]
    assert len(rows) and set(rows["workload"]) <= {"chat", "voice", "china-chat"}
    for r in rows.itertuples():
        assert r.was == f"{own.get(f'{r.workload}/{r.site}', 0.0) / 100:.1%}"
    assert float(rows.set_index(["workload", "site"]).loc[("chat", "camp-dayone-nusajaya"), "becomes"].rstrip("%")) > 15


def test_the_best_way_is_one_that_could_be_used_more(frontier_small):
    """A way that the plan uses to the full earns more than its resources cost; asked is for more than that, so another way is told, which gains nothing."""
    answer = frontier_small.why_not("chat", "camp-dayone-nusajaya", share=0.15)
    assert answer.cost.estimate > 1
    assert answer.prices["cost_musd"].sum() > -1e-3
    said = "Local prices are of a little more of one thing, with every decision as it is; the cost above is of all that is asked for"
    assert said in answer.answer and "would gain" not in answer.answer


def test_what_is_impossible_has_no_best_way(frontier_small):
    """More than the accelerators that can ever be there could serve, and more than is asked for within reach: said with the number, and no way is praised."""
    answer = frontier_small.why_not("chat", "reg-azure-eastus", share=0.03)
    assert answer.sites["answer"].tolist() == ["impossible"] and answer.cost.impossible
    assert "in 2028Q1 at most 8,949 b200 can be in service there, enough for 2.66% of the demand. Ask for a smaller --share" in answer.answer
    assert "est way" not in answer.answer and answer.prices.empty and answer.moved.empty
    near = frontier_small.why_not("voice", "camp-openai-stargate-uae", share=0.9)
    assert near.cost.impossible and "the metros that may be served from there ask for" in near.answer


def test_frontier_small(frontier_small):
    """A job that is not placed, at the busiest campus: what it costs, and that it pushes out a dearer one; and a rule with its source."""
    answer = frontier_small.why_not("llama-3-70b", "camp-openai-stargate-abilene")
    assert answer.cost.estimate == pytest.approx(552.4, abs=0.2)
    assert answer.cost.low <= 552.42 <= answer.cost.high + 0.2
    assert answer.prices["what"].iloc[0] == "compute"
    assert dict(zip(answer.moved["workload"], answer.moved["becomes"], strict=True))["grok-2"] == "not placed"
    rule = frontier_small.why_not("dbrx", "camp-openai-stargate-uae")
    assert "FedRAMP High / DoD CC SRG" in rule.answer
