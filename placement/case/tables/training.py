"""Tables of training jobs."""

from __future__ import annotations

from placement.case.columns import Table, flag, ident, num, period, ref, text, whole

TABLES = (
    Table(
        name="jobs",
        layer="training",
        key=("job",),
        needs=("halls", "skus", "job_skus"),
        with_pairs=("sites",),
        meaning="Training jobs. Each runs as one gang inside one fabric domain, or not at all.",
        columns=(
            ident("job", "job id"),
            text("name", "name shown in reports"),
            num("value_musd", "M$", "value when done; discounted to the period in which it ends", 0.0),
            flag("mandatory", "must be placed"),
            period("earliest", "first period in which it may run", "start"),
            period("latest", "last period in which it may run", "end"),
            ref("residency", "residency.class", "residency class; blank: anywhere", ""),
            num("min_firmness", "share", "power-stable rule: runs on power of at least this firmness", 0.0, 0, 1),
            num("min_hbm_gb", "GB", "memory needed per accelerator", 0.0, 0, 1e5),
            num("duty", "share", "deferrable job: share of a period's hours that it needs at full power, in hours of the planner's choice", 1.0, 0.01, 1),
            num("loss_hours_per_outage", "hours", "work lost per outage: half a checkpoint interval plus restart", 0.0, 0, 1e4),
        ),
    ),
    Table(
        name="job_skus",
        layer="training",
        key=("job", "sku"),
        needs=("jobs", "skus"),
        meaning="The SKUs that a job can use, with its size and duration on each.",
        columns=(
            ref("job", "jobs", "job"),
            ref("sku", "skus", "SKU"),
            whole("units", "accelerators", "gang size at goodput 1", None, 1, 10**8),
            whole("duration_periods", "periods", "periods that the gang is held", None, 1, 400),
        ),
    ),
)
