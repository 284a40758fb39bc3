"""Distances against GeodTest: geodesics computed in high precision (C. F. F. Karney, CC0)."""

from pathlib import Path

import numpy as np
from building import least_m

from coverage_analyzer import geodesy


def test_distances_agree_with_high_precision(shared: Path) -> None:
    """Hold `distance_m` to the 15 nanometres that it promises."""
    table = np.loadtxt(shared / "GeodTest-100.dat")
    lat1, lon1, lat2, lon2, true_m = table[:, [0, 1, 3, 4, 6]].T
    assert len(table) == 100
    # The file keeps its distances to 0.1 micrometre: half a unit of that is not ours.
    assert np.abs(geodesy.distance_m(lon1, lat1, lon2, lat2) - true_m).max() <= 15e-9 + 0.5e-7


def test_bounds_hold_for_high_precision(shared: Path) -> None:
    """Keep the true length between the two bounds over the chord, whatever the distance."""
    table = np.loadtxt(shared / "GeodTest-100.dat")
    lat1, lon1, lat2, lon2, true_m = table[:, [0, 1, 3, 4, 6]].T
    chord = geodesy.chord_m(geodesy.ecef(lon1, lat1), geodesy.ecef(lon2, lat2))
    assert (least_m(chord) <= true_m + 1e-6).all()
    assert (true_m <= geodesy.most_m(chord) + 1e-6).all()
