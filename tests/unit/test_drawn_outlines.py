"""Outlines on the map are simplified, but none is lost."""

import numpy as np
import shapely

from coverage_analyzer.maps.page_data import DRAWN_DEGREES, _drawn


def test_small_islands_and_holes_stay_beside_large_ones() -> None:
    """Parcels such as those of Baarle, 100 m wide, were left out of the areas of both countries."""
    small = DRAWN_DEGREES * 0.8
    hole, island = shapely.box(4.9, 51.4, 4.9 + small, 51.4 + small), shapely.box(7, 51, 7.0003, 52)
    disc = shapely.difference(shapely.Point(5, 51).buffer(1, quad_segs=64), hole)
    areas = np.array([shapely.MultiPolygon(), shapely.union_all([disc, island])], object)
    polygons, shape = _drawn(areas, np.array([0.0, 5.0]))
    assert shape.tolist() == [1, 1]
    assert sorted(shapely.get_num_interior_rings(polygons).tolist()) == [0, 1]
    assert shapely.is_valid(polygons).all()
    assert shapely.get_num_coordinates(polygons).sum() < 256
