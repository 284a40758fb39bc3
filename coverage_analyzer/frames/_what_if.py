"""What changes if a center closes, opens or moves, for verdicts in a notebook."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from coverage_analyzer import arrays
from coverage_analyzer.batch._compare import CompareOptions
from coverage_analyzer.batch._what_if import WhatIfChange
from coverage_analyzer.batch._what_if import what_if as of_run
from coverage_analyzer.comparison import summary, table
from coverage_analyzer.comparison.tally import Changes
from coverage_analyzer.comparison.what_if import Edit, NewCenter, WhatIf, edited_facts
from coverage_analyzer.errors import InputError
from coverage_analyzer.frames._compare import ComparisonTable, changes_table, weights_in
from coverage_analyzer.frames.columns import (
    ProductsLike,
    assessed_day,
    centers_of,
    need,
    products_in,
    rules_of,
    site_rows,
    texts,
)
from coverage_analyzer.frames.verdict_sides import sites_in
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.days import day
from coverage_analyzer.schema.verdict import VERDICT

Place = str | Sequence[Any] | Mapping[str, Any]
"""A place: ``"49.61,6.13,LU"``, (latitude, longitude[, country]), or columns of a center."""

KNOWN: Final = ("latitude", "longitude", "country", "center_id", "opens_on", "name")


def what_if(  # noqa: PLR0913 - what is changed, one by one
    run: pd.DataFrame | str | Path,
    centers: pd.DataFrame | None = None,
    *,
    close: str | Sequence[str] = (),
    open: Place | Sequence[Place] = (),  # noqa: A002 - as the command calls it
    move: Mapping[str, Place] | None = None,
    policy: Policy | str | Path | None = None,
    as_of: datetime.date | str | None = None,
    weight: str | None = None,
    products: ProductsLike = None,
    output: str | Path | None = None,
) -> ComparisonTable:
    """Compute what changes if a center closes, opens or moves, or with another policy or day.

    Parameters
    ----------
    run
        A run folder, or verdicts as returned by `assess`.
    centers
        For verdicts: the centers that they were made with.
    close
        The id, or ids, of centers that close.
    open
        A center, or centers, that open: each as ``"49.61,6.13,LU"``, as latitude, longitude and
        perhaps country, or as the columns of a center by name.
    move
        The new latitude and longitude of centers, by id.
    policy
        Instead of that of the run.
    as_of
        A day instead of that of the run.
    weight
        A column of numbers that says how much a site counts; by default each counts 1.
    products
        For verdicts: the products that they were made with.
    output
        For a run folder: the folder for the files of a comparison.

    Returns
    -------
    changes
        As `compare` returns them, the run being the earlier report; ``because`` is what was
        changed. ``.attrs["notes"]`` says what that is.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If nothing is changed, a center does not exist, a new one is not in the country that is
        stated, or an input cannot be used.
    PolicyError
        If the policy is invalid.
    PublishError
        If the output cannot be written.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> verdicts = ca.assess(sites, centers, as_of="2026-12-01")
    >>> changes = ca.what_if(verdicts, centers, close="DE-FBG-1", open=(43.6, -116.2, "US"))
    >>> changes[["site_id", "level_to", "change", "because"]].to_numpy().tolist()
    [['Loerrach', 'Gold', 'lost', 'centers'], ['Boise', 'Gold Plus', 'gained', 'centers']]
    """
    change = WhatIfChange(
        close=[close] if isinstance(close, str) else list(close),
        open=[_place(each) for each in _several(open)],
        move={str(name): _place(place) for name, place in (move or {}).items()},
        policy=policy,
        as_of=as_of,
    )
    if not isinstance(run, pd.DataFrame):
        if centers is not None or products is not None:
            msg = "A run folder has its centers and products: leave them out."
            raise InputError(msg)
        options = CompareOptions(weight=weight or "", keep_rows=True)
        result = of_run(run, change, output, options)
        return changes_table(result.rows, result.manifest, result.flows, result.segments)
    if output is not None:
        msg = "Files are written for run folders only: write_report() writes one of a frame."
        raise InputError(msg)
    if centers is None:
        msg = "Pass the centers that the verdicts were made with."
        raise InputError(msg)
    need(run, VERDICT, "verdicts", "assess()")
    spec = MatcherSpec(
        centers_of(centers),
        rules_of(run, None),
        assessed_day(run),
        bool(run.attrs.get("trust_declared", False)),
        products_in(products),
    )
    return _of_frame(run, change.edit(spec), spec, weight or "")


def _of_frame(
    verdicts: pd.DataFrame, edit: Edit, spec: MatcherSpec, weight: str
) -> ComparisonTable:
    """Return the changes of verdicts in a frame."""
    edited = edit.apply(spec)
    sites = sites_in(verdicts)
    attrs = verdicts.attrs
    facts: dict[str, Any] = {
        "as_of": str(spec.as_of),
        "policy": {n: getattr(spec.policy, n) for n in ("name", "title", "sha256")},
        "trust_declared": spec.trust_declared,
        "centers": dict(attrs.get("centers", {})),
        "columns": [str(c) for c in sites.columns],
        "roads": False,
        "inputs_known": True,
    }
    job = WhatIf(spec, edited, (facts, edited_facts(facts, edited)))
    read = (*spec.policy.start_columns, *edited.policy.start_columns)
    rows, names = site_rows(sites, read)
    ids = texts(sites, names["site_id"]) if "site_id" in names else _labels(sites)
    name = texts(sites, names["name"]) if "name" in names else arrays.text_array([""] * len(sites))
    changes = job.add(rows, {"site_id": ids}, name, weights_in(sites, weight))
    counts = job.counts
    result = summary.comparison(
        summary.Compared(job.sides[0], counts[0]),
        summary.Compared(job.sides[1], counts[1]),
        job.tally,
        key=("site_id",),
        weight=weight,
    )
    result["notes"] = [f"What if: {'; '.join(edit.texts(spec, edited))}.", *result["notes"]]
    return changes_table(
        _rows(changes, weight),
        result,
        job.tally.flow_rows(counts[0]),
        job.tally.segment_rows(counts[0]),
    )


def _rows(changes: Changes, weight: str) -> list[Any]:
    return [table.rows(changes, weighted=bool(weight))] if len(changes.rows) else []


def _labels(frame: pd.DataFrame) -> Any:
    return arrays.text_array([str(label) for label in frame.index])


def _several(places: Place | Sequence[Place]) -> list[Place]:
    """Return one place, or several, as a list."""
    if isinstance(places, (str, Mapping)):
        return [places]
    is_one = bool(places) and not isinstance(places[0], (str, Mapping, Sequence))
    return [places] if is_one else list(places)


def _place(place: Place) -> NewCenter:
    """Return a place as texts.

    Raises
    ------
    InputError
        If it is not one.
    """
    if isinstance(place, str):
        return NewCenter.parse(place)
    if isinstance(place, Mapping):
        unknown = [name for name in place if name not in KNOWN]
        if unknown or not {"latitude", "longitude"} <= set(place):
            msg = f"{dict(place)!r} is not a center. Columns: {', '.join(KNOWN)}."
            raise InputError(msg)
        return NewCenter(**{name: _text(value) for name, value in place.items()})
    if not 2 <= len(place) <= 5:
        msg = f"{place!r} is not a center. Write (latitude, longitude) or (..., country)."
        raise InputError(msg)
    return NewCenter(*map(_text, place))


def _text(value: Any) -> str:
    """Return a cell as text; nothing for what is missing."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, datetime.date):
        return str(day(value))
    return str(value)
