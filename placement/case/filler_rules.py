"""Rules on preemptible jobs: what they cannot be as well, and what they need."""

from __future__ import annotations

from placement.case.draft import Draft, Problems, Rule

_REMEDY = "Leave it blank, or set preemptible to 0."


def no_promises(d: Draft) -> Problems:
    """What is preempted in the stress block neither needs firm power nor chooses its hours."""
    jobs = d["jobs"]
    some = jobs["preemptible"].to_numpy(dtype=bool)
    firm, deferrable = (jobs["min_firmness"] > 0).to_numpy(dtype=bool), (jobs["duty"] < 1).to_numpy(dtype=bool)
    rule = "must be blank for a preemptible job, which is stopped in the stress block anyway"
    yield from d.broken("jobs", "min_firmness", some & firm, rule, _REMEDY)
    rule = "must be blank for a preemptible job, which runs in all hours outside the stress block"
    yield from d.broken("jobs", "duty", some & deferrable, rule, _REMEDY)


def hours_to_fill(d: Draft) -> Problems:
    """There are hours outside the stress block."""
    if len(d.case.blocks) > 1:
        return []
    rule = "needs a block beside the stress block, outside which the job runs"
    return d.broken("jobs", "preemptible", d["jobs"]["preemptible"], rule, "Add blocks to case.toml, or set preemptible to 0.")


def units_to_fill(d: Draft) -> Problems:
    """Some service can use a SKU that the job can use: its idle units are all that the job gets."""
    lent = d.values("service_skus", "sku")
    rows = d["job_skus"]
    with_idle = set(rows.loc[rows["sku"].isin(list(lent)), "job"])
    bare = d["jobs"]["preemptible"].to_numpy(dtype=bool) & ~d["jobs"]["job"].isin(list(with_idle)).to_numpy(dtype=bool)
    rule = "leaves the job no place: it runs on units lent to inference, and no service uses any of its SKUs"
    return d.broken("jobs", "preemptible", bare, rule, "Add a SKU of service_skus to job_skus, or set preemptible to 0.")


RULES: tuple[Rule, ...] = (
    Rule(no_promises, "jobs.preemptible jobs.min_firmness jobs.duty"),
    Rule(hours_to_fill, "case.blocks jobs.preemptible"),
    Rule(units_to_fill, "jobs.job jobs.preemptible job_skus.job job_skus.sku service_skus.sku"),
)
