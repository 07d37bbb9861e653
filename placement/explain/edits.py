"""Programs with one thing changed, and what an earlier proof still proves about them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, vstack

from placement.certificate import Proof
from placement.program import Floats, Key, Program

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Demand:
    """A new row: columns of the program, shape (n,), their coefficients, shape (n,), and the least that their sum must be."""

    key: Key
    columns: Ints
    weights: Floats
    least: float


def demanding(program: Program, proof: Proof | None, rows: list[Demand]) -> tuple[Program, Proof | None]:
    """Return the program with rows more, the first ones, and the proof with the best prices for them that leave its other prices as they are."""
    for row in rows:
        if proof is not None:
            proof = _priced(program, proof, row)
        line = csc_array((row.weights, (np.zeros(len(row.columns), np.int64), row.columns)), shape=(1, len(program.cost)))
        program = replace(
            program,
            matrix=csc_array(vstack([line, program.matrix])),
            row_lower=np.concatenate([[row.least], program.row_lower]),
            row_upper=np.concatenate([[np.inf], program.row_upper]),
            row_keys=program.row_keys.led_by(row.key),
        )
    return program, proof


def _priced(program: Program, proof: Proof, row: Demand) -> Proof:
    """Return the proof with a price for a new first row: as much as no column of it is dearer than with the duals that there are.

    Nothing is trusted here: what the proof then proves is computed anew.
    """
    reduced = program.cost[row.columns][:, None] - program.matrix[:, row.columns].T @ proof.dual.T
    price = np.maximum((reduced / row.weights[:, None]).min(axis=0, initial=np.inf), 0.0)
    price[proof.infeasible | ~np.isfinite(price)] = 0.0
    knapsacks = np.concatenate([[0.0], proof.price]) if len(proof.price) else proof.price
    return replace(proof, dual=np.column_stack([price, proof.dual]), price=knapsacks, choice=proof.choice + 1)


def without(program: Program, columns: Ints) -> Program:
    """Return the program in which some columns are not taken."""
    upper = program.upper.copy()
    upper[columns] = program.lower[columns]
    return replace(program, upper=upper)


def at_least(program: Program, column: int, least: float) -> Program:
    """Return the program in which a column is at least so much."""
    lower = program.lower.copy()
    lower[column] = least
    return replace(program, lower=lower)


def shifted(program: Program, row: int, step: float) -> Program:
    """Return the program with the right-hand side of a row, on every side that it has, moved by a step."""
    lower, upper = program.row_lower.copy(), program.row_upper.copy()
    lower[row] += step
    upper[row] += step
    return replace(program, row_lower=lower, row_upper=upper)
