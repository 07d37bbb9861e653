"""Tables of export and residency rules."""

from __future__ import annotations

from placement.case.columns import NAN, Table, choice, country, flag, ident, num, ref, text

TABLES = (
    Table(
        name="export",
        layer="rules",
        key=("export_class", "country"),
        needs=("skus",),
        meaning="Where chips of a class may be deployed. The most specific row wins; without a row deployment is allowed.",
        columns=(
            ref("export_class", "skus.export_class", "export class"),
            country("country", "country of the site, or * for all countries without a row of their own"),
            choice(
                "rule",
                ("allow", "deny", "cap", "cap_performance"),
                "cap: at most cap_units in that country (with *: in all such countries together); cap_performance: at most cap_tpp_million there",
            ),
            num("cap_units", "accelerators", "cap; only with rule cap", NAN, 0, 1e8),
            num("cap_tpp_million", "million TOPS x bit", "cap on the sum of skus.tpp; only with rule cap_performance", NAN, 0, 1e8),
            text("rule_id", "identifier quoted in explanations", None),
        ),
    ),
    Table(
        name="residency",
        layer="rules",
        key=("class", "origin", "country"),
        meaning="Where workloads of a class may run. Rows of the user's own country (origin) replace the general ones; "
        "the most specific country row wins; with any allow row, countries without a row are denied, else allowed.",
        columns=(
            ident("class", "residency class of jobs or services"),
            country("origin", "country of the users' metro (services only); blank: general rule", ""),
            country("country", "country of the site, or * for all countries without a row of their own"),
            flag("allow", "1 allowed, 0 denied", None),
            text("rule_id", "identifier quoted in explanations", None),
        ),
    ),
)
