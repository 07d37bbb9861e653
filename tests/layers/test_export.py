"""Export limits by processing performance, and chips to be made at home."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import TABLES, Rows, edited, small_case, solved, violations

TPP = {"old": 16_000, "new": 36_000}
CLASSED: Rows = [{**row, "export_class": "adv", "tpp": TPP[str(row["sku"])]} for row in TABLES["skus"]]


def cap(million: float, country: str = "ES") -> Rows:
    """One licence that caps the processing performance in a country."""
    return [{"export_class": "adv", "country": country, "rule": "cap_performance", "cap_tpp_million": million, "rule_id": "licence-7"}]


def there(plan, site: str) -> dict[str, float]:
    """Units at a site in the last period by SKU."""
    chips = plan.tables["chips"]
    last = chips[(chips["period"] == plan.case.periods[-1]) & (chips["site"] == site)]
    return (last["installed"] + last["deployed"]).groupby(last["sku"]).sum().to_dict()


def performance(plan, site: str) -> float:
    """Processing performance at a site in the last period, millions."""
    return sum(TPP[k] * u for k, u in there(plan, site).items()) / 1e6


def test_a_performance_cap_counts_what_chips_can_do(tmp_path):
    """Left alone, 660 new chips (23.76 million TPP) stand in Norway; with a cap of 10 million there the gang moves to Spain, which has to be built."""
    free = solved(small_case(tmp_path / "a"))
    assert performance(free, "north") == pytest.approx(660 * 0.036)
    tight = solved(small_case(tmp_path / "b", skus=CLASSED, export=cap(10, "NO")))
    assert performance(tight, "north") <= 10 + 1e-6
    assert performance(tight, "south") > 0
    assert tight.objective > free.objective + 1


def test_the_cap_for_all_other_countries_is_one_cap(tmp_path):
    """A licence for * holds all countries without a row of their own together."""
    plan = solved(small_case(tmp_path, skus=CLASSED, export=cap(5, "*")))
    assert performance(plan, "south") + performance(plan, "north") == pytest.approx(5)  # all of it is used


def test_installed_units_count(tmp_path):
    """200 old chips that run already take 3.2 of 10 million; the row's right-hand side is what is left."""
    case = small_case(tmp_path, skus=CLASSED, export=cap(10, "NO"), installed=[{"domain": "north", "sku": "old", "units": 200}])
    program, _ = assemble(build_sides(case))
    i = program.row_names.index("export_performance[adv,NO,3]")
    row = program.rows[[i]].tocoo()
    assert program.row_upper[i] == pytest.approx(10 - 3.2)
    assert {program.supply_names[j]: v for j, v in zip(row.col, row.data, strict=True)} == {
        "deployed[north,old,3]": pytest.approx(0.016),
        "deployed[north,new,3]": pytest.approx(0.036),
    }


def test_checker_names_the_licence(tmp_path):
    """More chips than the licence allows are a violation that quotes the rule's id."""
    plan = solved(small_case(tmp_path, skus=CLASSED, export=cap(24, "NO")))
    assert "export_performance" in violations(plan, "chips", lambda t: t.assign(deployed=t["deployed"] * 3))
    from placement.cards import card
    from placement.plan.checker import check

    tables = {**plan.tables, "chips": plan.tables["chips"].assign(deployed=plan.tables["chips"]["deployed"] * 3)}
    found = next(v for v in check(plan.case, tables, card("placement").weights).violations if v.rule == "export_performance")
    assert "licence-7" in found.where
    assert found.unit == "million TPP"


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"skus": edited("skus", {"sku": "old"}, export_class="adv"), "export": cap(10)}, "must be filled: export.csv caps"),
        ({"skus": edited("skus", {"sku": "old"}, tpp=16_000)}, "has no effect: no rule of export.csv caps"),
        ({"skus": CLASSED, "export": [{**cap(10)[0], "cap_tpp_million": ""}]}, "must be filled for rule cap_performance"),
        ({"skus": CLASSED, "export": [{**cap(10)[0], "cap_units": 7}]}, "must be blank for any rule but cap"),
        (
            {"skus": CLASSED, "export": cap(1, "NO"), "installed": [{"domain": "north", "sku": "old", "units": 200}]},
            "processing performance of the units installed",
        ),
    ],
)
def test_performance_caps_are_checked(tmp_path, tables, problem):
    """A cap comes with the performance of every chip that it counts, and the other way round."""
    with pytest.raises(DataError, match=problem):
        small_case(tmp_path, **tables)


HOME: Rows = [{**row, "origin_country": {"old": "NO", "new": ""}[str(row["sku"])]} for row in TABLES["skus"]]


def shares(least: float, origins: str = "NO") -> Rows:
    """One programme."""
    return [{"programme": "national", "origins": origins, "min_spend_share": least}]


def spend(plan, sku: str) -> float:
    """What is spent on a SKU, M$."""
    orders = plan.tables["orders"]
    return float(orders.loc[orders["sku"] == sku, "cost_musd"].sum())


def test_a_domestic_share_moves_the_spend(tmp_path):
    """Left alone, less than half of the spend goes to the chips made at home; with a share of 0.9 nine tenths do."""
    free = solved(small_case(tmp_path / "a"))
    bound = solved(small_case(tmp_path / "b", skus=HOME, domestic_shares=shares(0.9)))
    assert spend(free, "old") < 0.5 * (spend(free, "old") + spend(free, "new"))
    assert spend(bound, "old") >= 0.9 * (spend(bound, "old") + spend(bound, "new")) - 1e-6
    assert bound.objective > free.objective
    assert bound.kpis["domestic_spend_national_share"] >= 0.9 - 1e-6


def test_allies_count_where_the_list_names_them(tmp_path):
    """With new chips from the US on the list of one programme, it binds no longer; the other one still does."""
    skus = [
        {**row, "origin_country": {"old": "NO", "new": "US", "third": "CN"}[str(row["sku"])]}
        for row in [*TABLES["skus"], {**TABLES["skus"][0], "sku": "third"}]
    ]
    more = {"service_skus": [*TABLES["service_skus"], {"service": "chat", "sku": "third", "tok_per_s": 10}],
            "offers": [*TABLES["offers"], {**TABLES["offers"][0], "offer": "q3", "sku": "third"}]}  # fmt: skip
    program, _ = assemble(
        build_sides(
            small_case(tmp_path, skus=skus, domestic_shares=[*shares(0.5), {"programme": "allied", "origins": "NO;US", "min_spend_share": 0.75}], **more)
        )
    )
    rows = {}
    for name in ("national", "allied"):
        row = program.rows[[program.row_names.index(f"domestic_share[{name}]")]].tocoo()
        rows[name] = {program.supply_names[j]: v for j, v in zip(row.col, row.data, strict=True)}
    assert rows["national"] == pytest.approx({"order[q-old]": 0.5 * 0.02, "order[q-new]": -0.5 * 0.03, "order[q3]": -0.5 * 0.02})
    assert rows["allied"] == pytest.approx({"order[q-old]": 0.25 * 0.02, "order[q-new]": 0.25 * 0.03, "order[q3]": -0.75 * 0.02})


def test_checker_sees_too_little_made_at_home(tmp_path):
    """Dropping the order of chips made at home breaks the programme."""
    plan = solved(small_case(tmp_path, skus=HOME, domestic_shares=shares(0.5)))
    assert spend(plan, "new") > 0
    assert "domestic_share" in violations(plan, "orders", lambda t: t[t["sku"] != "old"])


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"skus": HOME}, "has no effect without domestic_shares"),
        ({"domestic_shares": shares(0.5)}, "must be countries in which an offered SKU is made"),
        ({"skus": HOME, "domestic_shares": shares(0.5, "NO;SE")}, "must be countries in which an offered SKU is made"),
        ({"skus": [{**r, "origin_country": "NO"} for r in TABLES["skus"]], "domestic_shares": shares(0.5)}, "every offer counts as made at home"),
    ],
)
def test_domestic_shares_are_checked(tmp_path, tables, problem):
    """A share that nobody can meet, or that holds anyway, is a mistake."""
    with pytest.raises(DataError, match=problem):
        small_case(tmp_path, **tables)


def test_absent_means_absent(tmp_path):
    """Without the columns there are no such rows."""
    program, _ = assemble(build_sides(small_case(tmp_path)))
    assert not any(name.startswith(("export", "domestic")) for name in program.row_names)
