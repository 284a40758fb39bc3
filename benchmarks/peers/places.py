"""Sites by pandas, as the peers that stand on GeoPandas read them."""

import pandas as pd

TEXTS = {"site_id": "str", "name": "str", "country": "str"}


def read_sites(path: str) -> pd.DataFrame:
    """Return the sites; ``NA`` is Namibia, and pandas would take it for missing."""
    if path.endswith(".csv"):
        return pd.read_csv(path, dtype=TEXTS, keep_default_na=False, engine="pyarrow")
    return pd.read_parquet(path)


def write(sites: pd.DataFrame, path: str) -> None:
    """Write the sites."""
    if path.endswith(".csv"):
        sites.to_csv(path, index=False)
    else:
        sites.to_parquet(path, index=False)
