"""Tables of inference services and their demand."""

from __future__ import annotations

from placement.case.columns import NAN, Table, choice, country, flag, ident, num, period, ref, text, waived, whole

TABLES = (
    Table(
        name="metros",
        layer="inference",
        key=("metro",),
        needs=("links",),
        meaning="Where users are.",
        columns=(
            ident("metro", "metro id; also the metro's node in `links`"),
            text("name", "name shown in reports"),
            country("country", "ISO 3166-1 alpha-2 code; residency by origin applies to it"),
            num("lat_deg", "degrees", "latitude, for the report's map", None, -90, 90),
            num("lon_deg", "degrees", "longitude, for the report's map", None, -180, 180),
        ),
    ),
    Table(
        name="services",
        layer="inference",
        key=("service",),
        needs=("metros", "skus", "service_skus", "demand", "halls"),
        with_pairs=("sites",),
        meaning="Inference services.",
        columns=(
            ident("service", "service id"),
            text("name", "name shown in reports"),
            waived(num("slo_rtt_ms", "ms", "largest network round-trip time, 95th percentile", None, 0.1, 1e4)),
            ref("residency", "residency.class", "residency class; blank: anywhere", ""),
            num(
                "peak_to_mean",
                "ratio",
                "peak demand / mean demand; units are provided for the peak; blank: 1, or as `service_loads` says",
                1.0,
                1,
                1000,
            ),
            num("burst_share", "share", "spare units for bursts within a block / units for the largest load", 0.0, 0, 10),
            num("utilisation_cap", "share", "largest utilisation of units at the largest load that keeps the latency target", 1.0, 0.01, 1),
            ref("queue_curve", "utilisation_curves.curve", "curve that caps utilisation by the number of replicas; blank: none", ""),
            choice("tier", ("any", "edge", "core"), "edge: only at sites of kind edge; core: only at the others", "any"),
            waived(num("hbm_gb", "GB", "memory of one replica (weights and cache)", None, 0.1, 1e6)),
            num("price_usd_per_mtok", "$/Mtok", "revenue per million tokens served", 0.0, 0, 1e6),
            num("unmet_usd_per_mtok", "$/Mtok", "penalty per million tokens not served; blank: all demand must be served", NAN, 0, 1e6),
            num("weights_gb", "GB", "weights sent to every replica at a refresh", 0.0, 0, 1e6),
            num("refresh_hours", "hours", "time in which a refresh must reach all replicas", 24.0, 0.01, 1e4),
            ref("release", "releases", "release that it serves, from the period in which that is out; blank: served from the start", ""),
            ref("origin", "sites", "site that the weights come from; blank: no refresh traffic", ""),
            choice("redundancy", ("n_minus_1",), "n_minus_1: spare units elsewhere for the loss of any one failure domain; blank: none", ""),
            flag("spare_power", "1: spares also draw their full power in the stress block (hot standby); 0: they idle"),
            num("max_share_per_domain", "share", "largest share of a metro's demand served from one failure domain; blank: no limit", NAN, 0.001, 1),
        ),
    ),
    Table(
        name="service_skus",
        layer="inference",
        key=("service", "sku"),
        needs=("services", "skus"),
        meaning="The SKUs that can serve a service.",
        columns=(
            ref("service", "services", "service"),
            ref("sku", "skus", "SKU"),
            num("tok_per_s", "tokens/s", "throughput per accelerator at the latency target", None, 1e-6, 1e9),
        ),
    ),
    Table(
        name="service_loads",
        layer="inference",
        key=("service", "block"),
        needs=("services",),
        meaning="Demand by block of hours, mean 1 over all blocks; a service without rows has its peak in the stress block.",
        columns=(
            ref("service", "services", "service"),
            ref("block", "case.blocks", "representative block of case.toml"),
            num("load", "ratio", "demand in the block / mean demand", None, 0, 1000),
        ),
    ),
    Table(
        name="service_metros",
        layer="inference",
        key=("service", "metro"),
        needs=("services", "metros"),
        meaning="What users of single metros are promised in place of the service's own limit.",
        columns=(
            ref("service", "services", "service"),
            ref("metro", "metros", "metro"),
            num("slo_rtt_ms", "ms", "largest network round-trip time, 95th percentile", None, 0.1, 1e4),
        ),
    ),
    Table(
        name="utilisation_curves",
        layer="inference",
        key=("curve", "servers"),
        needs=("services",),
        meaning="Utilisation that keeps a latency target, by number of replicas; see `placement/demand/queueing.py`.",
        columns=(
            ident("curve", "curve id"),
            whole("servers", "replicas", "replicas of the pool", None, 1, 10**6),
            num("max_utilisation", "share", "largest utilisation of the pool; never falls with the number of replicas", None, 0.01, 1),
        ),
    ),
    Table(
        name="demand",
        layer="inference",
        key=("service", "metro", "period"),
        needs=("services", "metros"),
        meaning="Mean demand; a missing row is no demand.",
        columns=(
            ref("service", "services", "service"),
            ref("metro", "metros", "metro"),
            period("period", "period", within=True),
            num("mtok_per_day", "Mtok/day", "mean demand, million tokens per day", None, 0, 1e12),
        ),
    ),
)
