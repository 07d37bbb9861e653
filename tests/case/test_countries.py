"""Codes of countries: those that are assigned, in every column that holds one."""

from __future__ import annotations

import pytest

from placement.case.countries import CODES
from placement.case.schema import TABLES
from placement.errors import DataError
from tests.layers.small import edited, small_case

#: Table.column -> the tables of a case in which the column holds a code that is none.
WRONG = {
    "sites.country": {"sites": edited("sites", {"site": "south"}, country="ZZ")},
    "metros.country": {"metros": edited("metros", {"metro": "oslo"}, country="ZZ")},
    "export.country": {"skus": edited("skus", export_class="a"), "export": [{"export_class": "a", "country": "ZZ", "rule": "deny", "rule_id": "r"}]},
    "residency.origin": {
        "services": edited("services", residency="eu"),
        "residency": [{"class": "eu", "origin": "ZZ", "country": "NO", "allow": 1, "rule_id": "r"}],
    },
    "residency.country": {"services": edited("services", residency="eu"), "residency": [{"class": "eu", "country": "ZZ", "allow": 1, "rule_id": "r"}]},
    "skus.origin_country": {"skus": edited("skus", origin_country="ZZ")},
}


def test_the_list_is_that_of_iso():
    """249 codes are assigned, and Kosovo's is taken beside them."""
    assert len(CODES) == 250 and all(len(code) == 2 and code.isupper() for code in CODES)
    assert {"GB", "NA", "TW", "XK", "ZA"} <= CODES and not {"UK", "EU", "XX", "ZZ", "AA"} & CODES


def test_every_column_of_countries_is_here():
    """A new column of countries gets its line above."""
    assert {f"{name}.{c.name}" for name, table in TABLES.items() for c in table if c.kind == "country"} == set(WRONG)


@pytest.mark.parametrize("column", WRONG)
def test_a_code_that_is_not_assigned_is_refused(tmp_path, column):
    """In each of the columns, once."""
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **WRONG[column])
    found = [p for p in error.value.problems if f"{p.table}.{p.column}" == column]
    assert len(found) == 1 and "'ZZ', which is assigned to no country" in found[0].remedy
