"""Which facts can matter to some workloads: others need not be asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from placement.case import Case
from placement.explain.facts import Fact

#: Tables of demand whose cells are facts, and the column that names the workload.
DEMANDED = (("jobs", "mandatory"), ("services", "unmet_usd_per_mtok"))

#: Table -> column whose id says which workloads its rows can matter to.
_ID = {
    "jobs": "job", "services": "service", "service_metros": "service", "datasets": "dataset", "residency": "class", "export": "export_class",
    "offers": "sku", "skus": "sku",
}  # fmt: skip


@dataclass(frozen=True)
class Concern:
    """Some workloads of a case, and the ids of all that could serve them or that rules say of them."""

    case: Case
    jobs: frozenset[str]
    services: frozenset[str]

    @classmethod
    def of(cls, case: Case, demands: Iterable[Fact]) -> Concern:
        """Return what concerns the workloads that some facts demand, and jobs that these start from or wait for."""
        jobs, services, found = case["jobs"], case["services"], list(demands)
        named = {t: {str(case[t].iloc[f.row, 0]) for f in found if f.rule.table == t} for t in ("jobs", "services")}
        base, makes = (dict(zip(case[t][k], case[t][v], strict=True)) for t, k, v in (("jobs", "job", "base_job"), ("releases", "release", "job")))
        waits = services.loc[services["service"].isin(named["services"]), "release"]
        wanted = named["jobs"] | {makes[r] for r in waits if r in makes}
        for _ in range(len(jobs)):
            wanted |= {base[j] for j in wanted if base.get(j, "")}
        return cls(case, frozenset(wanted), frozenset(named["services"]))

    @cached_property
    def ids(self) -> Mapping[str, frozenset[str]]:
        """Column -> ids that concern the workloads."""
        case = self.case
        jobs, services = case["jobs"][case["jobs"]["job"].isin(self.jobs)], case["services"][case["services"]["service"].isin(self.services)]
        data = case["datasets"][case["datasets"]["dataset"].isin(jobs["dataset"])]
        skus = set(case["job_skus"].loc[case["job_skus"]["job"].isin(self.jobs), "sku"])
        skus |= set(case["service_skus"].loc[case["service_skus"]["service"].isin(self.services), "sku"])
        return {
            "job": self.jobs, "service": self.services, "dataset": frozenset(data["dataset"]), "sku": frozenset(skus),
            "class": frozenset((*jobs["residency"], *services["residency"], *data["residency"])),
            "export_class": frozenset(case["skus"].loc[case["skus"]["sku"].isin(skus), "export_class"]),
        }  # fmt: skip

    def about(self, fact: Fact) -> bool:
        """Whether a fact can matter to the workloads."""
        if fact.rule.table not in self.case:
            return True
        column = _ID.get(fact.rule.table)
        return column is None or self.case[fact.rule.table][column].iloc[fact.row] in self.ids[column]
