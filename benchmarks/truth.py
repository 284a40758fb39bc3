"""Wrong decisions, counted against brute force: Karney from every site to every center it may use.

Peers decide by the declared country, so that is what their answers are held to. Our own report says
which country decided, and is held to that one; sites that it sends to review are counted apart.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import workload

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TEXTS = dict.fromkeys(("site_id", "name", "country", "center_id", "qualified", "status"), pl.String)
TIE_M = 1e-6
"""Two centers nearer to each other's distance than this are equally near: Karney's own error."""


@dataclass(frozen=True)
class Wrong:
    """How many decisions of a report are wrong, of how many."""

    sites: int
    in_range: int
    yes: int
    no: int
    nearest: int
    review: int


def wrong(report: Path, sites: Path, centers: Path) -> Wrong:
    """Return what is wrong with a report."""
    input_rows, network = _read(sites), _read(centers)
    answers = _read(report)
    columns = ("site_id", "qualified", "status", "center_id", "site_country")
    answers = answers.select(c for c in columns if c in answers.columns)
    answers = input_rows.select("site_id", "country").join(
        answers, on="site_id", how="left", maintain_order="left", validate="1:1"
    )
    yes = _says_yes(answers)
    status = (
        answers["status"]
        if "status" in answers.columns
        else pl.repeat("", len(answers), eager=True)
    )
    review = (status == "review").to_numpy()
    metres, limit = _nearest_by(sites, centers, answers)
    inside = metres <= limit
    judged = ~review
    both = np.flatnonzero(inside & yes & judged)
    taken = _measured(input_rows[both], network, answers["center_id"][both])
    return Wrong(
        sites=len(input_rows),
        in_range=int((inside & judged).sum()),
        yes=int((yes & ~inside & judged).sum()),
        no=int((~yes & inside & judged).sum()),
        nearest=int((taken > metres[both] + TIE_M).sum()),
        review=int(review.sum()),
    )


def _read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    return pl.read_csv(path, schema_overrides=TEXTS, null_values=[""])


def _says_yes(answers: pl.DataFrame) -> Bools:
    if "status" in answers.columns:
        return (answers["status"] == "qualified").fill_null(value=False).to_numpy()
    yes = answers["qualified"].cast(pl.String).str.to_lowercase().is_in(["true", "t"])
    return yes.fill_null(value=False).to_numpy()


def _nearest_by(sites: Path, centers: Path, answers: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return distance and limit by the country that decided: a few are measured once more."""
    metres, limit = (a.copy() for a in nearest(sites, centers))
    if "site_country" in answers.columns:
        decided = answers["site_country"].fill_null("")
        other = np.flatnonzero((decided != answers["country"]).to_numpy())
        subset = _read(sites)[other].with_columns(country=decided[other])
        metres[other], limit[other] = brute_force(subset, _read(centers))
    return metres, limit


@functools.cache
def nearest(sites: Path, centers: Path) -> tuple[Floats, Floats]:
    """Return `brute_force` for two files, kept in the cache."""
    kept = sites.with_name(f"truth-{sites.stem}-{centers.stem}.npz")
    if not kept.exists():
        metres, limit = brute_force(_read(sites), _read(centers))
        np.savez(kept, metres=metres, limit=limit)
    with np.load(kept) as stored:
        return stored["metres"], stored["limit"]


def brute_force(sites: pl.DataFrame, centers: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return the distance of the nearest center of each site's country, and the limit, in metres.

    Infinite where the country has no center.
    """
    country, there = sites["country"].to_numpy(), centers["country"].to_numpy()
    lon, lat = (sites[c].to_numpy() for c in ("longitude", "latitude"))
    metres = np.full(len(sites), np.inf)
    for code in set(there.tolist()):
        at = np.flatnonzero(country == code)
        for row in centers.filter(pl.col("country") == code).iter_rows(named=True):
            x, y = (np.full(len(at), row[c]) for c in ("longitude", "latitude"))
            away = workload.GEOD.inv(lon[at], lat[at], x, y)[2]
            metres[at] = np.minimum(metres[at], away)
    return metres, workload.limit_m(country)


def _measured(sites: pl.DataFrame, centers: pl.DataFrame, chosen: pl.Series) -> Floats:
    """Return the distance of each site to a center; infinite to one that there is not."""
    ends = sites.select(x="longitude", y="latitude").with_columns(center_id=chosen)
    pairs = ends.join(centers, on="center_id", how="left", maintain_order="left")
    points = (pairs[c].to_numpy() for c in ("x", "y", "longitude", "latitude"))
    metres = np.asarray(workload.GEOD.inv(*points)[2])
    return np.where(np.isnan(metres), np.inf, metres)
