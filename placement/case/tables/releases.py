"""Tables of model releases: trained by a job, served from then on."""

from __future__ import annotations

from placement.case.columns import Table, ident, num, ref, whole

TABLES = (
    Table(
        name="releases",
        layer="releases",
        key=("release",),
        needs=("jobs",),
        meaning="Releases of models. A release is out from the period after its training job has ended, or later by its lag.",
        columns=(
            ident("release", "release id"),
            ref("job", "jobs", "training job that makes it"),
            whole("lag_periods", "periods", "further periods of evaluation, and for the weights to reach the regions", 0, 0, 400),
            num("value_musd_per_period", "M$/period", "value of every period in which it is out, beside what its services earn", 0.0, 0, 1e6),
        ),
    ),
)
