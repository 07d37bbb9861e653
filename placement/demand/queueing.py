"""Utilisation at which a pool of replicas keeps its waiting time: the queue behind ``utilisation_curves``.

M/M/c: the share of requests that wait is Erlang's C, and waiting times beyond are exponential (Erlang 1917; Gross, Shortle, Thompson and Harris,
*Fundamentals of Queueing Theory*, 4th edition, 2008, section 2.3). Other variability stretches the waiting times by the factor of Allen (1978) and
Cunneen, half the sum of the squared coefficients of variation of arrivals and service (Bolch et al., *Queueing Networks and Markov Chains*, 2nd
edition, 2006, section 6.3.6). The model reads curves from a table and never calls this module: it is there to make the table.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

_STEPS = 60  # halvings: the bracket ends below 1e-17


def erlang_c(servers: int, offered: float) -> float:
    """Return the share of requests that wait in M/M/c.

    Parameters
    ----------
    servers
        Replicas, >= 1.
    offered
        Arrival rate x mean service time (erlang), below ``servers``.

    Examples
    --------
    >>> round(erlang_c(2, 1.5), 6)
    0.642857
    """
    if not 0 <= offered < servers:
        raise ValueError(f"offered load must be in [0, servers), got {offered} on {servers}")
    blocked = 1.0  # Erlang's B by its recursion in the number of servers
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return servers * blocked / (servers - offered * (1 - blocked))


def late_share(servers: int, utilisation: float, wait: float, variability: float = 1.0) -> float:
    """Return the share of requests that wait longer than ``wait`` (in mean service times).

    ``variability`` is half the sum of the squared coefficients of variation of arrivals and service; 1 is M/M/c.
    """
    return erlang_c(servers, servers * utilisation) * math.exp(-servers * (1 - utilisation) * wait / variability)


def max_utilisation(servers: int, wait: float, percentile: float = 0.95, variability: float = 1.0) -> float:
    """Return the largest utilisation at which ``percentile`` of the requests wait at most ``wait`` mean service times.

    Examples
    --------
    >>> round(max_utilisation(1, 0.0), 6)  # of one server, as many wait as it is busy
    0.05
    """
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if middle < 1 and late_share(servers, middle, wait, variability) <= 1 - percentile else (low, middle)
    return low


def utilisation_curve(curve: str, servers: Iterable[int], wait: float, percentile: float = 0.95, variability: float = 1.0) -> pd.DataFrame:
    """Return rows of ``utilisation_curves`` for pools of several sizes."""
    rows = [(curve, n, max_utilisation(n, wait, percentile, variability)) for n in servers]
    return pd.DataFrame(rows, columns=["curve", "servers", "max_utilisation"])
