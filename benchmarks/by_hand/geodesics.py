"""Exactly, as far as the declared country is right: geodesics to all open centers of it."""

import sys

import numpy as np
import pandas as pd
from pyproj import Geod

DAY = sys.argv[4]
sites = pd.read_csv(sys.argv[1], keep_default_na=False, dtype=str)
centers = pd.read_csv(sys.argv[2], keep_default_na=False, dtype=str)
for rows in (sites, centers):
    for column in ("latitude", "longitude"):
        text = rows[column].str.replace(",", ".")
        rows[column] = pd.to_numeric(text, errors="coerce")
sites = sites[sites["latitude"].abs().le(90) & sites["longitude"].abs().le(180)]
opened = centers["opens_on"] <= DAY
closed = (centers["closes_on"] != "") & (centers["closes_on"] <= DAY)
centers = centers[opened & ~closed]
site, center = (a.ravel() for a in np.indices((len(sites), len(centers))))
same = sites["country"].to_numpy()[site] == centers["country"].to_numpy()[center]
site, center = site[same], center[same]
ends = [rows[c].to_numpy() for rows in (sites, centers) for c in ("longitude", "latitude")]
metres = Geod(ellps="WGS84").inv(ends[0][site], ends[1][site], ends[2][center], ends[3][center])[2]
miles = np.where(sites["country"] == "US", 70, 50)
qualified = np.zeros(len(sites), bool)
qualified[site[metres <= miles[site] * 1609.344]] = True
sites["qualified"] = qualified
sites.to_csv(sys.argv[3], index=False)
