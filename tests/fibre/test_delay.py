"""The delay model against measured round-trip times between cloud regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from placement.case import read_case
from placement.fibre import FibreGraph, round_trip_ms

ROOT = Path(__file__).parents[2]
ACCESS_KM = 5.0  # from a point of presence to the region's halls, as data/frontier/links.csv has it for every site


@pytest.fixture(scope="module")
def ratios() -> NDArray[np.float64]:
    """Return modelled / measured round-trip time of every measured pair."""
    rtt = pd.read_csv(ROOT / "tests/data/rtt_azure_p95.csv")
    graph = FibreGraph(read_case(ROOT / "data/frontier")["links"])
    pops = sorted({*rtt["a"], *rtt["b"]})
    at = {p: i for i, p in enumerate(pops)}
    km = graph.path_km(pops, pops)[rtt["a"].map(at), rtt["b"].map(at)]
    return round_trip_ms(km + 2 * ACCESS_KM) / rtt["measured_rtt_p95_ms"].to_numpy()


def test_every_measured_pair_has_a_route(ratios: NDArray[np.float64]) -> None:
    """All 903 pairs are connected in the graph."""
    assert len(ratios) == 903
    assert np.isfinite(ratios).all()


def test_model_is_close_to_measured_times(ratios: NDArray[np.float64]) -> None:
    """The model is a little faster than the 95th percentile in the median and seldom far off: latency limits mean something."""
    low, median, high = np.quantile(ratios, [0.1, 0.5, 0.9])
    assert median == pytest.approx(0.93, abs=0.03)
    assert low > 0.7
    assert high < 1.1


def test_delay_of_known_lengths() -> None:
    """1000 km there and back at 299.792458/1.468 km/ms take 9.7934 ms; overhead is added once; no path is no delay at all."""
    assert round_trip_ms([0.0, 1000.0], overhead_ms=0.0) == pytest.approx([0.0, 9.793442], abs=1e-6)
    assert round_trip_ms(1000.0, overhead_ms=4.0) == pytest.approx(13.793442, abs=1e-6)
    assert np.isinf(round_trip_ms(np.inf))


@pytest.mark.parametrize("km", [-1.0, float("nan")])
def test_bad_lengths_are_refused(km: float) -> None:
    """A negative or missing length is an error, never a delay."""
    with pytest.raises(ValueError, match="path_km"):
        round_trip_ms([1.0, km])
