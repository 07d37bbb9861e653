"""Columns that belong together because their rows carry the same name: one place, one product, one period.

Programs are local: most rows name where, what and when they are about. Columns that meet rows with the same label can be decided
anew together while the rest stands, as a part so small that branch and bound solves it in a second or two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

_FEWEST = 3  # labels that a kind must have: with fewer, one neighbourhood is nearly the whole


@dataclass(frozen=True, eq=False)
class Kind:
    """Labels of one kind and the columns that meet their rows, shape (n_labels, n_columns), entries 1.

    Attributes
    ----------
    ordered
        Whether the labels are consecutive numbers, such as periods, so that neighbours are those that follow.
    """

    labels: tuple[Any, ...]
    columns: csr_array
    ordered: bool


def kinds(keys: Sequence[tuple[Any, ...]], matrix: csr_array) -> list[Kind]:
    """Return the kinds of labels in the keys of rows; ``matrix`` has the rows and the columns of interest.

    Two places of a key hold labels of the same kind if they share a label. Of the numbers in a key, those with the widest range count.
    """
    places: defaultdict[tuple[str, int], defaultdict[Any, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i in range(len(keys)):
        family, *ids = keys[i]
        for place, label in enumerate(ids):
            places[str(family), place][label].append(i)
    names = {p: rows for p, rows in places.items() if all(isinstance(label, str) for label in rows)}
    numbers = _widest({p: rows for p, rows in places.items() if all(isinstance(label, int) for label in rows)})
    found = [_kind(group, places, matrix, False) for group in _joined(names)]
    if numbers:
        found.append(_kind(numbers, places, matrix, True))
    return [k for k in found if len(k.labels) >= _FEWEST]


def _widest(numbers: dict[tuple[str, int], Any]) -> list[tuple[str, int]]:
    """Return for each family the place whose numbers reach farthest, without families that only count their rows."""
    best: dict[str, tuple[str, int]] = {}
    for place, rows in numbers.items():
        if any(len(r) > 1 for r in rows.values()) or place[1] > 0:
            before = best.get(place[0])
            if before is None or len(rows) > len(numbers[before]):
                best[place[0]] = place
    return list(best.values())


def _joined(names: dict[tuple[str, int], Any]) -> list[list[tuple[str, int]]]:
    """Return places grouped so that those that share a label are together."""
    groups: list[tuple[set[Any], list[tuple[str, int]]]] = []
    for place, rows in names.items():
        labels, members = set(rows), [place]
        rest = []
        for known, others in groups:
            if known & labels:
                labels, members = labels | known, others + members
            else:
                rest.append((known, others))
        groups = [*rest, (labels, members)]
    return [members for _, members in groups]


def _kind(group: list[tuple[str, int]], places: Any, matrix: csr_array, ordered: bool) -> Kind:
    rows: defaultdict[Any, list[int]] = defaultdict(list)
    for place in group:
        for label, some in places[place].items():
            rows[label] += some
    labels = tuple(sorted(rows))
    n = [len(rows[label]) for label in labels]
    row, label_of = np.concatenate([rows[label] for label in labels]), np.repeat(np.arange(len(labels)), n)
    carries = csr_array((np.ones(len(row)), (label_of, row)), shape=(len(labels), matrix.shape[0]))
    there = csr_array((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    columns = csr_array(carries @ there)
    columns.data[:] = 1.0
    return Kind(labels, columns, ordered)
