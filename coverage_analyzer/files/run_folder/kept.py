"""What a run was made of, kept in its folder: the policy, the products, the centers, the day.

``policy.toml`` has the policy as it was used, ``policy_areas_1.geojson`` and so on the files of
areas that it names, ``products.csv`` the products if there were any.
`run_inputs` reads them back with the centers, so that the verdicts of a run can be found again
(`comparison.causes`), whatever has become of the files that it read.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer import countries
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.files.run_folder.manifest import style_of
from coverage_analyzer.files.run_folder.read_back import center_cells, centers_as_used
from coverage_analyzer.files.table import open_table, read_products
from coverage_analyzer.files.writers.delimited import SAFE, Style, write_rows
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.products import ENDS, Products
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.area_files import MAX_AREA_FILES
from coverage_analyzer.policy.document import Document
from coverage_analyzer.schema.columns import PRODUCTS as PRODUCT_COLUMNS
from coverage_analyzer.schema.days import NO_DAY, day

POLICY: Final = "policy.toml"
PRODUCTS: Final = "products.csv"


AREAS: Final = tuple(f"policy_areas_{n}.geojson" for n in range(1, MAX_AREA_FILES + 1))
"""The files of areas of the policy."""


def area_files(policy: Policy) -> dict[str, str]:
    """Return the name of each file of areas of a policy in a run folder, by its hash."""
    hashes = dict.fromkeys(area.sha256 for area in policy.areas if area.sha256)
    return dict(zip(hashes, AREAS, strict=False))


def names(products: object, policy: Policy) -> list[str]:
    """Return the files that `write` will write.

    Parameters
    ----------
    policy
        The policy of the run.
    products
        The products of the run; none if false.
    """
    return [POLICY, *area_files(policy).values(), *([PRODUCTS] if products else [])]


def write(
    path: Callable[[str], Path], policy: Policy, products: Products | None, style: Style = SAFE
) -> None:
    """Write the policy and the products of a run.

    Parameters
    ----------
    path
        Returns where a file of the run is written, by its name.
    policy, products
        As used.
    style
        Style of text files.
    """
    files = area_files(policy)
    for sha256, data in {a.sha256: a.data for a in policy.areas if a.sha256}.items():
        path(files[sha256]).write_bytes(data)
    path(POLICY).write_text(toml_text(_with_files(policy, files)), encoding="utf-8", newline="")
    if products is not None:
        ends = np.where(np.isnat(products.ends), "", products.ends.astype(str)).tolist()
        columns = (products.name, products.version, ends)
        rows = [(n, v, *days) for n, v, days in zip(*columns, strict=True)]
        write_rows(path(PRODUCTS), ("product", "version", *ENDS), rows, style)


def _with_files(policy: Policy, files: Mapping[str, str]) -> Policy:
    """Return a policy that names the files of areas by their names in the run folder."""
    areas = tuple(
        area.model_copy(update={"file": files[area.sha256]}) if area.sha256 else area
        for area in policy.areas
    )
    return policy.model_copy(update={"areas": areas}) if files else policy


def run_inputs(folder: Path, manifest: Mapping[str, Any]) -> MatcherSpec | None:
    """Return what the verdicts of a run were made of; None if its folder does not have it.

    Folders of earlier versions, and those written without centers, do not.

    Parameters
    ----------
    folder
        The run folder.
    manifest
        The content of its ``run.json``.

    Raises
    ------
    InputError
        If a file has been damaged or changed.
    """
    files = manifest.get("files", [])
    needed = [POLICY, "centers.csv", *([PRODUCTS] if _has_products(manifest) else [])]
    if not set(needed) <= set(files):
        return None
    style = style_of(manifest)
    centers, _ = centers_as_used(folder, countries.load(), style)
    return MatcherSpec(
        _as_given(centers, center_cells(folder, "opens_earliest_on", style)),
        kept_policy(folder, manifest),
        day(str(manifest["as_of"])),
        bool(manifest.get("trust_declared")),
        read_products(open_table(folder / PRODUCTS, PRODUCT_COLUMNS))
        if PRODUCTS in files
        else None,
    )


def kept_policy(folder: Path, manifest: Mapping[str, Any]) -> Policy:
    """Return the policy that a run folder keeps.

    Raises
    ------
    InputError
        If it is not that of the run.
    """
    path = folder / POLICY
    try:
        policy = Policy.load(path)
    except PolicyError as error:
        msg = f"{path} was damaged: {error}"
        raise InputError(msg) from None
    if policy.sha256 != manifest["policy"].get("sha256"):
        msg = f"{path} was changed: it is not the policy that run.json names. Run again."
        raise InputError(msg)
    return policy


def _has_products(manifest: Mapping[str, Any]) -> bool:
    return "products" in manifest.get("inputs", {}) or PRODUCTS in manifest.get("files", [])


def _as_given(centers: Centers, earliest: Mapping[str, str]) -> Centers:
    """Return centers without the opening days that were derived from the order date.

    The policy derives them again, be it another one. Only derived ones have an earliest day.
    """
    derived = np.array([bool(earliest[center_id]) for center_id in centers.center_id], np.bool_)
    return dataclasses.replace(centers, opens_on=np.where(derived, NO_DAY, centers.opens_on))


def toml_text(document: Document) -> str:
    """Return a policy or programme as TOML, from which it loads with the same hash.

    Examples
    --------
    >>> import tomllib
    >>> policy = Policy.load()
    >>> Policy.from_mapping(tomllib.loads(toml_text(policy))) == policy
    True
    """
    return "\n".join(_table(document.model_dump(mode="json", by_alias=True, exclude_none=True)))


def _table(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a document: its values, then its tables, then its lists of tables."""
    parts = {key: value for key, value in values.items() if _is_part(value)}
    for key, value in values.items():
        if key not in parts:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in parts.items():
        tables = value if isinstance(value, list) else [value]
        heading = f"[[{_key(key)}]]" if isinstance(value, list) else f"[{_key(key)}]"
        for table in tables:
            yield ""
            yield heading
            for name, cell in table.items():
                yield f"{_key(name)} = {_value(cell)}"
    yield ""


def _is_part(value: Any) -> bool:
    """Return whether a value is a table, or a list of nothing but tables."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value)
    return isinstance(value, dict)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # JSON is TOML for text, booleans and finite numbers, but for one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if is_bare else _value(name)
