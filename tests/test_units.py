"""Units: labels of periods, and constants that belong together."""

from __future__ import annotations

import pytest

from placement import units
from placement.units import PERIOD_EXAMPLE, period_label, period_number


@pytest.mark.parametrize("months", [1, 3, 6, 12])
def test_labels_and_numbers_are_inverse(months: int) -> None:
    """Every number has one label and the label leads back to it, over several years."""
    first = period_number(PERIOD_EXAMPLE[months], months)
    labels = [period_label(n, months) for n in range(first, first + 40)]
    assert len(set(labels)) == 40
    assert [period_number(label, months) for label in labels] == list(range(first, first + 40))


def test_order_of_labels() -> None:
    """The period after the last of a year is the first of the next."""
    assert period_label(period_number("2027-12", 1) + 1, 1) == "2028-01"
    assert period_label(period_number("2027Q4", 3) + 1, 3) == "2028Q1"
    assert period_label(period_number("2027H2", 6) + 1, 6) == "2028H1"
    assert period_label(period_number("2027", 12) + 1, 12) == "2028"


@pytest.mark.parametrize(("label", "months"), [("2027", 3), ("2027Q5", 3), ("2027Q0", 3), ("2027-13", 1), ("2027H3", 6), ("2027Q1 ", 3), ("", 12)])
def test_bad_labels_are_refused(label: str, months: int) -> None:
    """A label of another form is an error that shows the right form."""
    with pytest.raises(ValueError, match=PERIOD_EXAMPLE[months]):
        period_number(label, months)


def test_a_year_is_made_of_its_months() -> None:
    """12 months of hours make the mean Julian year of 8766 h; days of a month are its hours / 24."""
    assert units.HOURS_PER_MONTH * 12 == units.HOURS_PER_YEAR == 365.25 * 24
    assert pytest.approx(30.4375) == units.DAYS_PER_MONTH
