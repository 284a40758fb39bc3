"""What a file of a run says of itself where it travels alone: day, policy, source, credits."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from coverage_analyzer.errors import visible
from coverage_analyzer.files.database.address import is_address
from coverage_analyzer.files.readers.streams import STANDARD_INPUT


def file_metadata(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return what a file says of itself, as texts; what is not known is left out.

    Parameters
    ----------
    manifest
        As ``run.json`` has it, or the part that is known (`manifest.Origin`).

    Returns
    -------
    metadata
        ``as_of``, ``policy``, ``policy_title``, ``policy_sha256``, ``source`` (the name of the file
        of sites, without its folder), ``source_sha256``, ``software``, ``attribution``.

    Examples
    --------
    >>> file_metadata({"as_of": "2026-12-01", "policy": {"name": "p", "sha256": ""}})
    {'as_of': '2026-12-01', 'policy': 'p'}
    """
    policy, sites = manifest.get("policy", {}), manifest.get("inputs", {}).get("sites", {})
    version = manifest.get("coverage_analyzer")
    credits_ = [manifest.get("countries"), manifest.get("roads", {}).get("attribution")]
    texts = {
        "as_of": manifest.get("as_of"),
        "policy": policy.get("name"),
        "policy_title": policy.get("title"),
        "policy_sha256": policy.get("sha256"),
        "source": _source(str(sites.get("path", ""))),
        "source_sha256": sites.get("sha256"),
        "software": f"coverage-analyzer {version}" if version else None,
        "attribution": "; ".join(dict.fromkeys(c for c in credits_ if c)),
    }
    return {key: visible(str(text)) for key, text in texts.items() if text}


def _source(path: str) -> str:
    """Return how an input is called without its folder, which is nobody else's concern.

    Examples
    --------
    >>> _source("/home/ann/sites.csv"), _source("-")
    ('sites.csv', 'standard input')
    """
    if path == STANDARD_INPUT:
        return "standard input"
    return path if is_address(path) else PurePath(path.rstrip("/\\")).name
