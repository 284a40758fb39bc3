"""What the page shows where scripts do not run: figures, legend and a static map.

Previews of mail programs and viewers of phones run none. The title, which a user may have chosen,
is escaped; no other text of the user is in it.
"""

from coverage_analyzer.errors import quantity
from coverage_analyzer.maps.page_data import Payload
from coverage_analyzer.maps.static_parts import escaped, figure, share, share_bar, statuses
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.verdict import Status


def static_view(data: Payload) -> str:
    """Return a ``noscript`` element for a page."""
    meta = data.meta
    counts = dict(zip(meta["statuses"], meta["counts"], strict=True))
    counts[Status.review.name] += counts.pop(theme.ROAD)
    qualified, total = counts["qualified"], meta["total"]
    n_open = sum(center["state"] == "open" for center in meta["centers"])
    verb = "qualifies" if qualified == 1 else "qualify"
    headline = (
        f"{qualified:,} of {quantity(total, 'site')} {verb} ({share(qualified, total)}); "
        f"{quantity(n_open, 'center')} open."
    )
    lost = quantity(meta["rejected"], "row")
    rejected = f"<p>{lost} could not be read.</p>\n" if meta["rejected"] else ""
    day = ", ".join(filter(None, [meta["policy"], f"as of {meta['as_of']}"]))
    return (
        f'<noscript>\n<div class="static">\n<h1>{escaped(meta["title"])}</h1>\n'
        f"<p>{escaped(day)}</p>\n<p><b>{headline}</b></p>\n{share_bar(counts)}\n{rejected}"
        f"<p>{escaped(meta['promise'])}</p>\n{statuses(counts)}\n"
        f"{figure(data.picture)}\n<p>This viewer runs no scripts. In a browser, this file is a map "
        f"to search, filter and zoom.</p>\n<p>{escaped(meta['attribution'])}</p>\n</div>\n"
        f"</noscript>"
    )
