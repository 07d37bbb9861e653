"""Power contracts: smallest size, rising price (models/README.md section 2)."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from tests.layers.small import Row, edited, same_program, small_case, solved, violations


def ppa(**cells: object) -> list[Row]:
    """A flat contract at 30 $/MWh, dearer than nothing and cheaper than the grid."""
    return [{"ppa": "p", "zone": "z", "tech": "hydro", "max_mw": 10, "price_usd_per_mwh": 30, "tenor_periods": 4, "take_share": 1, **cells}]


def test_a_contract_too_large_is_not_signed(tmp_path):
    """Fully paid power in blocks far above the load is refused; in blocks below it, taken; any size does best."""
    free = solved(small_case(tmp_path / "a", ppas=ppa()))
    size = free.tables["contracts"]["mw"].iloc[0]
    assert 0.2 < size < 4
    above = solved(small_case(tmp_path / "b", ppas=ppa(min_mw=size + 0.1)))
    far = solved(small_case(tmp_path / "c", ppas=ppa(min_mw=9)))
    assert above.tables["contracts"]["mw"].iloc[0] == pytest.approx(size + 0.1)
    assert not len(far.tables["contracts"])
    assert free.objective < above.objective < far.objective + 1e-9
    none = solved(small_case(tmp_path / "d"))
    assert far.objective == pytest.approx(none.objective)
    assert "ppa_min" in violations(above, "contracts", lambda t: t.assign(mw=size))


def test_a_rising_price_is_paid(tmp_path):
    """The contract's cash follows the price by hand, and a price that rises fast ends in no contract."""
    plan = solved(small_case(tmp_path / "a", ppas=ppa(escalation_per_year=0.2)))
    paid = plan.tables["paid"].set_index("period")["mwh"]
    cash = plan.tables["cash"].query("term == 'contracts'").set_index("period")["musd"]
    for i, t in enumerate(paid.index):
        assert cash[t] == pytest.approx(paid[t] * 30 * 1.2 ** (i / 4) / 1e6)
    start = ppa(price_usd_per_mwh=55)
    assert len(solved(small_case(tmp_path / "b", ppas=start)).tables["contracts"])
    steep = ppa(price_usd_per_mwh=55, escalation_per_year=0.5)
    assert not len(solved(small_case(tmp_path / "c", ppas=steep)).tables["contracts"])


def test_blank_columns_add_nothing(tmp_path):
    """The program is the same with the columns blank."""
    assert same_program(small_case(tmp_path / "a", ppas=ppa()), small_case(tmp_path / "b", ppas=ppa(min_mw="", escalation_per_year="")))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"ppas": ppa(min_mw=11)}, "ppas: column 'min_mw' must not be above max_mw"),
        ({"ppas": ppa(price_usd_per_mwh=0, escalation_per_year=0.1)}, "ppas: column 'escalation_per_year' has no effect"),
        ({"ppas": ppa(tenor_periods=1, escalation_per_year=0.1)}, "ppas: column 'escalation_per_year' has no effect"),
        ({"ppas": ppa(min_mw=1e-5)}, "ppas: column 'min_mw' must be 0 or at least"),
    ],
)
def test_bad_input_is_named(tmp_path, tables, words):
    """Table, column and rule are said."""
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **tables)
    assert words in str(error.value)
    assert edited("grid")
