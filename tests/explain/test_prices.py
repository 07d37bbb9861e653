"""Local duals against finite differences."""

from __future__ import annotations

import pytest

from placement.errors import OptionError
from placement.explain.base import Base
from placement.explain.prices import AGREES, agreement, verified_prices
from placement.plan.bounds import SWITCHED
from placement.units import DAYS_PER_MONTH
from tests.layers.small import TABLES, small_case
from tests.layers.small import solved as optimum


def test_price_of_power_is_its_tariff(solved):
    """Every price of the hand-checked case that is valid is what one unit more and one less are worth."""
    table = solved.plan.verified_prices(5)
    assert list(table["resource"]) == list(solved.plan.prices["resource"].head(5))
    assert (table.loc[table["valid"], "off_by"] <= AGREES).all()


def test_price_of_accelerators_by_hand(tmp_path):
    """A hundred accelerators of a service, all that there are: one more serves 43.2 Mtok a day for 2 $ that would cost 1 $ unserved, less some power."""
    offers = [{"offer": "q-old", "sku": "old", "period": "2027Q1", "max_units": 100, "unit_price_usd": 20000}]
    skus, served = ([row for row in TABLES[t] if row["sku"] == "old"] for t in ("skus", "service_skus"))
    plan = optimum(small_case(tmp_path, jobs=None, job_skus=None, offers=offers, skus=skus, service_skus=served))
    table = verified_prices(plan, 100)
    assert (table.loc[table["valid"], "off_by"] <= 1e-6).all()
    held = table[(table["kind"] == "serve") & table["valid"]]
    assert len(held) == 4
    for r in held.itertuples():
        worth = 43.2 * 3 * DAYS_PER_MONTH * 3 / 1e6 * plan.case.discount[plan.case.periods.index(r.period)]
        assert worth - 4e-4 < r.price < worth
        assert r.one_more == pytest.approx(r.price, rel=1e-6)
        assert r.resolved == pytest.approx(r.price, rel=1e-6)
        assert r.resolved_low - 1e-9 <= r.resolved <= r.resolved_high + 1e-9


def test_kinks_are_recognised(frontier_small):
    """Halls that a gang fills to the brim have a dual, but nothing can use one MW more: not a price."""
    table = frontier_small.verified_prices(4, resolve=False)
    assert set(table["kind"]) == {"hall_it_mw"}
    assert not table["valid"].any()
    assert (table["one_more"].abs() < 1e-6).all()


def test_valid_duals_agree_on_frontier_small(frontier_small):
    """Of 100 resources with a price, drawn at random: 95 % of the valid duals are within 5 % of the finite difference, and most are valid.

    Valid: a step up and the same step down (one unit; a tenth or a hundredth where there is a kink nearer) differ by 1 % at most.
    """
    rows = set(Base.of(frontier_small).program.row_names)  # limits behind several bounds are measured otherwise
    prices = frontier_small.prices[lambda t: t["resource"].isin(rows) & ~t["kind"].isin(SWITCHED)]
    names = list(prices.sample(100, random_state=0)["resource"])
    table = frontier_small.verified_prices(resources=names, resolve=False)
    valid = table[table["valid"]]
    assert len(valid) >= 50
    assert valid["agrees"].mean() >= 0.95
    assert agreement(table).startswith(f"{len(valid)} of {len(valid)} valid local duals agree")


def test_wrong_questions(solved):
    """One clear error each."""
    with pytest.raises(OptionError, match="no price of a resource 'pwer'"):
        solved.plan.verified_prices(resources=["pwer"])
    with pytest.raises(OptionError, match="give 1 or more"):
        solved.plan.verified_prices(0)
