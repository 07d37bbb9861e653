"""A job that is larger than anything that can be there is told with its need, the most that is possible, the line of its file and the way out."""

from __future__ import annotations

import pytest

from placement.reasons import nowhere
from tests.layers.small import edited, small_case

NO_NEW = edited("job_skus", {"sku": "old"})[:1]


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (  # halls of 8 MW take 8,000 of 1 kW; 4,000 are on offer
            {"job_skus": [{**NO_NEW[0], "units": 6000}]},
            "needs 6,000 old (6.0 MW of IT) at the least; at most 4,000 can be in service in south (its halls have room for 8,000; installed or on offer are "
            "4,000) [job_skus.csv line 2]. Lower units in job_skus, or raise max_units of offers;",
        ),
        (
            {"job_skus": [{**NO_NEW[0], "units": 9000}], "offers": edited("offers", {"offer": "q-old"}, max_units=20000)},
            "at most 8,000 can be in service in south (its halls have room for 8,000; installed or on offer are 20,000) [job_skus.csv line 2]. Lower units in "
            "job_skus, or raise it_mw of its halls;",
        ),
        (  # 1 MW of IT at a PUE of 1.1; the firmest tier of 0.999 is too little by half
            {"job_skus": NO_NEW, "jobs": edited("jobs", min_firmness=0.999), "grid": edited("grid", {"site": "north"}, mw=0.55)},
            "needs 1.1 MW of firmness 0.999 for 1,000 old at the least; north has at most 0.55 MW [jobs.csv line 2]. Lower min_firmness in jobs, or",
        ),
    ],
    ids=["chips", "halls", "firm power"],
)
def test_amounts_line_and_remedy(tmp_path, tables, says):
    """By hand, for what lacks."""
    (told,) = [note for note in nowhere(small_case(tmp_path, **tables)) if note.startswith("job big")]
    assert says in told


def test_what_fits_is_not_told(tmp_path):
    """A job that may run somewhere is no finding; one that rules keep out is told without amounts."""
    assert not [note for note in nowhere(small_case(tmp_path / "fits")) if note.startswith("job")]
    (told,) = [n for n in nowhere(small_case(tmp_path / "memory", jobs=edited("jobs", min_hbm_gb=999))) if n.startswith("job big")]
    assert "at most" not in told and "memory" in told
