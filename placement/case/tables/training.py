"""Tables of training jobs."""

from __future__ import annotations

from placement.case.columns import NAN, Table, choice, flag, ident, num, period, ref, text, whole

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
            num("success_probability", "share", "chance that the run is worth its value: the value counts so much", 1.0, 0.001, 1),
            flag("mandatory", "must be placed"),
            num("unplaced_musd", "M$", "penalty for not placing it, paid in its last period", 0.0),
            period("due", "last period in which it may end without being late", "end"),
            num("late_musd_per_period", "M$", "penalty for each period that it ends after `due`", 0.0),
            period("earliest", "first period in which it may run", "start"),
            period("latest", "last period in which it may run", "end"),
            ref("residency", "residency.class", "residency class; blank: anywhere", ""),
            num("min_firmness", "share", "power-stable rule: runs on power of at least this firmness", 0.0, 0, 1),
            num("min_hbm_gb", "GB", "memory needed per accelerator", 0.0, 0, 1e5),
            num("duty", "share", "deferrable job: share of a period's hours that it needs at full power, in hours of the planner's choice", 1.0, 0.01, 1),
            text("anti_affinity", "group of jobs of which no two run in one failure domain at a time; blank: none"),
            num("loss_hours_per_outage", "hours", "work lost per outage: half a checkpoint interval plus restart", 0.0, 0, 1e4),
            num("checkpoint_hours", "hours", "checkpoint interval, half of which is lost per outage; instead of loss_hours_per_outage", 0.0, 0, 1e4),
            num("restart_hours", "hours", "restart after an outage; instead of loss_hours_per_outage", 0.0, 0, 1e4),
            choice("goodput_by", ("units", "duration"), "what makes up for lost work: more units, or more periods", "units"),
            ref("base_job", "jobs", "base model: the job whose weights it starts from; it starts after that job has ended; blank: none", ""),
            whole("base_lag_periods", "periods", "periods between the end of base_job and the start, for transfer and tests", 0, 0, 400),
            num("min_fabric_gbps", "Gbit/s", "scale-out network needed per accelerator (halls.fabric_gbps_per_unit)", 0.0, 0, 1e6),
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
            whole("units", "accelerators", "gang size at full throughput", None, 1, 10**8),
            whole("duration_periods", "periods", "periods that the gang is held", None, 1, 400),
            num("maturity", "share", "share of nominal throughput that the job's software reaches on the SKU", 1.0, 0.05, 1),
            num("porting_cost_musd", "M$", "cost of making the software run on the SKU, paid at the start if the job runs on it", 0.0),
            whole("min_units", "accelerators", "elastic width: fewest units; blank: `units`", 0, 1, 10**8),
            whole("max_units", "accelerators", "elastic width: most units; blank: `units`", 0, 1, 10**8),
            num("scaling_exponent", "1", "elastic width: duration at n units is duration_periods * (units / n) ^ this; 1: perfect; blank: fixed", NAN, 0.05, 1),
        ),
    ),
    Table(
        name="incumbent",
        layer="training",
        key=("workload",),
        needs=("sites",),
        meaning="Where workloads run today, for planning anew: what it costs to run them elsewhere.",
        columns=(
            ident("workload", "job of `jobs`, or service of `services`"),
            ref("site", "sites", "its site today"),
            num(
                "move_musd",
                "M$",
                "cost of placing the job elsewhere; of a service: of its demand in the first period, in proportion",
                None,
                1e-6,
            ),
        ),
    ),
)
