r"""Preemptible jobs: gangs on units that inference leaves idle outside the stress block.

.. math:: \sum_{x \text{ running on } f,k \text{ in } t} units\, x \le lull_{fkt}, \qquad
          \sum_{x \text{ served at } s \text{ on } k \text{ in } t} calm\_share\, units\, x \le \sum_{f \in s} (serving_{fkt} - lull_{fkt})

See models/README.md, section 5c. The columns are those of training; here their use is moved to what they really take.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.loads import loads
from placement.demand.columns import Columns, Ints, Keys, Triplets
from placement.rules import Scope

Mask = NDArray[np.bool_]


def without_units(scope: Scope, columns: Columns, resources: Keys) -> tuple[Mask, pd.DataFrame]:
    """Return which columns of preemptible jobs find no units, since no service can use the SKU at the site all the time, and the exclusions that they make."""
    filler, use = _filler(scope, columns), columns.use
    held = resources.holds("compute", use.row) & filler[use.col]
    lent = np.isin(_at_site(scope, resources, use.row[held]), use.row[resources.holds("serve", use.row)])
    nowhere = np.zeros(len(columns), bool)
    nowhere[use.col[held][~lent]] = True
    return nowhere, _excluded(scope, columns, nowhere)


def with_fillers(scope: Scope, columns: Columns, resources: Keys, decisions: Keys) -> Columns:
    """Return the columns, each with units, with preemptible jobs on idle units lent to inference in place of units of their own."""
    filler, use = _filler(scope, columns), columns.use
    held = resources.holds("compute", use.row) & filler[use.col]
    taken = Triplets(resources.encode("filler", *resources.index("compute", use.row[held])), use.col[held], use.value[held])
    kept = ~held & ~_at_stress(scope, filler, use, resources)
    calm = _calm(scope, columns, resources, _at_site(scope, resources, use.row[held]))
    return replace(columns, use=Triplets.join([Triplets(use.row[kept], use.col[kept], use.value[kept]), taken, calm]))


def _at_site(scope: Scope, resources: Keys, compute: Ints) -> Ints:
    """Return the codes of ``serve`` at the sites of codes of ``compute``."""
    domain, sku, period = resources.index("compute", compute)
    return resources.encode("serve", scope.domain_site[domain], sku, period)


def _filler(scope: Scope, columns: Columns) -> Mask:
    """Return which columns are of preemptible jobs, shape (n,)."""
    of = scope.case["jobs"]["preemptible"].to_numpy(bool)
    parts = [of[frame["job"]] if kind == "training" else np.zeros(len(frame), bool) for kind, _, frame in columns.blocks()]
    return np.concatenate([np.empty(0, bool), *parts])


def _at_stress(scope: Scope, filler: Mask, use: Triplets, resources: Keys) -> Mask:
    """Return the entries of power that fillers do not draw: those of the stress block."""
    out = resources.holds("power", use.row) & filler[use.col]
    out[out] = resources.index("power", use.row[out])[2] == scope.case.stress
    return out


def _calm(scope: Scope, columns: Columns, resources: Keys, wanted: Ints) -> Triplets:
    """Use of units by services in their busiest calm block, at the sites and periods (codes of ``serve``) where fillers want them."""
    calm = np.arange(len(scope.case.blocks)) != scope.case.stress
    share = loads(scope.case)[:, calm].max(axis=1)  # of the units held: room for bursts and waiting times is kept in calm hours, too
    parts = [share[frame["service"]] if kind == "inference" else np.zeros(len(frame)) for kind, _, frame in columns.blocks()]
    use, of = columns.use, np.concatenate(parts)
    some = np.isin(use.row, wanted) & (of[use.col] > 0)
    return Triplets(resources.encode("lull", *resources.index("serve", use.row[some])), use.col[some], use.value[some] * of[use.col[some]])


def _excluded(scope: Scope, columns: Columns, nowhere: Mask) -> pd.DataFrame:
    """Return the options (job, domain, SKU) of which no start is left: no service can use the SKU there and then."""
    key, parts = ["job", "domain", "sku"], []
    for kind, at, frame in columns.blocks():
        if kind == "training":
            options = frame[key].assign(lost=nowhere[at : at + len(frame)]).groupby(key, as_index=False)["lost"].all()
            parts.append(options[options["lost"]])
    lost = pd.concat(parts, ignore_index=True)
    jobs = scope.case["jobs"]["job"].to_numpy()
    named = {"workload": jobs[lost["job"]], "place": scope.domains.to_numpy()[lost["domain"]], "sku": scope.skus.to_numpy()[lost["sku"]]}
    return pd.DataFrame({**named, "rule": "filler", "n": 1}).astype({"n": "int64"})
