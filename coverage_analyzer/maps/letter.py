"""The letter about one site: a printed page with the promise, its start and the clause.

It contains no script and makes no network requests. All user text is escaped and inserted in one
pass, so that it cannot contain placeholders.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from string import Template
from typing import Final

import numpy as np

from coverage_analyzer.countries import ATTRIBUTION
from coverage_analyzer.errors import quantity, visible
from coverage_analyzer.maps.letter_map import Scene, Spot, detail, is_far
from coverage_analyzer.maps.scripts import asset
from coverage_analyzer.matching.explanation import Explanation, NearCenter
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.policy import Band
from coverage_analyzer.policy.miles import miles_text
from coverage_analyzer.policy.rules import NOT_COVERED, Level
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.content_policy import content_policy, with_policy

LONGEST: Final = 320
"""Maximum characters of a text; longer ones are truncated with a note, to fit on one page."""

LONGEST_ADDRESS: Final = 200
LONGEST_NAME: Final = 80
"""Maximum characters of an address, and of an id or name within another text."""

CLOCKS: Final = {
    "delivered": "A delivery clock: it stops when the replacement is delivered.",
    "shipped": "A shipping clock: it stops when the replacement ships, not when it arrives.",
    "on_site": "A response clock: it stops when a technician is on site.",
    "repaired": "A repair clock: it stops when the product works again.",
}

STATUSES: Final = {
    "qualified": "The site qualifies",
    "pending": "The site qualifies once its center opens",
    "fallback": "The site does not qualify for a higher level",
    "review": "No higher level can be confirmed until the site's data have been reviewed",
    "not_covered": "No level is available",
}

BY_ROAD: Final = "The limit is a road distance, which has not been checked"
"""Why a pending site is not promised its level yet."""


@dataclass(frozen=True)
class Addressee:
    """The site of a letter: its name, and its address as text, if known."""

    site_id: str
    name: str = ""
    address: str = ""


def letter(matcher: Matcher, story: Explanation, site: Addressee) -> str:
    """Return the letter as an HTML page.

    Parameters
    ----------
    matcher
        Centers, policy and day.
    story
        Why the site has its level, as explained by that matcher.
    site
        Name of the site.
    """
    policy = matcher.policy
    style = theme.resolve(asset("letter.css"), theme.LETTER)
    filled = {
        "title": _text(f"{story.level}: {_cut(site.name or site.site_id)}"),
        "style": style,
        "programme": _text(f"{policy.title}, as of {story.as_of}"),
        "level": _text(story.level),
        "status": story.status,
        "told": _text(_told(matcher, story)),
        "facts": "\n".join(_facts(matcher, story, site)),
        "clauses": "\n".join(f"<li>{_text(c)}</li>" for c in _clauses(matcher, story)),
        "source": _text(story.source),
        "map": detail(_scene(matcher, story, site), matcher.world),
        "caption": _text(_caption(matcher, story)),
        "footer": _text(f"Policy {policy.name}, sha256 {policy.sha256[:16]}. {ATTRIBUTION}"),
    }
    page = Template(asset("letter.html")).substitute(filled)
    return with_policy(page, content_policy(styles=[f"\n{style}"]))


def _text(words: str) -> str:
    """Return a text on one line, escaped for HTML."""
    return html.escape(_cut(words, LONGEST))


def _cut(words: str, most: int = LONGEST_NAME) -> str:
    """Return a text on one line, truncated with the number of omitted characters."""
    line = visible(" ".join(words.split()))
    if len(line) <= most:
        return line
    return f"{line[:most]}\N{HORIZONTAL ELLIPSIS} ({quantity(len(line) - most, 'more character')})"


def _told(matcher: Matcher, story: Explanation) -> str:
    """Return the verdict as a sentence."""
    road = story.status == "pending" and _coming_band(matcher, story).metric == "road"
    unsure = f". {BY_ROAD}" if road else ""
    return f"{STATUSES[story.status]}: {story.reason_words}{unsure}."


def _facts(matcher: Matcher, story: Explanation, site: Addressee) -> Iterator[str]:
    """Yield the rows of the letter."""
    names = matcher.world.names
    site_id = _cut(site.site_id)
    yield _fact("Site", _cut(site.name), f"({site_id})" if site.name else site_id)
    if site.address:
        yield _fact("Address", _cut(site.address, LONGEST_ADDRESS))
    yield _fact("Position", f"latitude {story.latitude}, longitude {story.longitude} (WGS 84)")
    country = f"{names.titles[names.known(story.country)]}: " if story.country else "none: "
    yield _fact("Country", country, story.ground)
    for name, cell in story.stated.items():
        yield _fact(name.replace("_", " ").capitalize(), _cut(cell))
    level = matcher.policy.titled(story.level)
    yield _fact("Promise", _promise(level), kind="promise")
    if story.afterwards:
        yield _fact("Instead", f"{story.afterwards}.")
    yield _fact("Clock", *_clock(level, story))
    yield _fact("Coverage hours", level.coverage_hours)
    yield _fact("From", _from(matcher, story))
    if story.center:
        yield _fact("Center", *_center(story, story.center))
    for warning in story.warnings:
        yield _fact("Note", warning)


def _fact(name: str, *words: str, kind: str = "") -> str:
    """Return a row: its name, and texts isolated from each other's direction."""
    style = f' class="{kind}"' if kind else ""
    told = " ".join(f"<bdi>{_text(w)}</bdi>" for w in words if w)
    return f"<dt>{name}</dt><dd{style}>{told}</dd>"


def _promise(level: Level) -> str:
    """Return what a level promises, by the type of its clock."""
    if level is NOT_COVERED:
        return "No replacement is promised."
    if level.replacement is None:
        return "This level promises no replacement."
    return f"Replacement {level.replacement}."


def _clock(level: Level, story: Explanation) -> tuple[str, ...]:
    """Return when the clock of a level stops, and whose business days it counts."""
    clock = level.replacement
    if clock is None:
        return ("None.",)
    if not clock.counts_business_days or story.center is None or story.status == "pending":
        return (CLOCKS[clock.end],)
    center = story.center
    days = f"Business days follow the calendar of the center: {center.region or center.country}."
    return CLOCKS[clock.end], days


def _from(matcher: Matcher, story: Explanation) -> str:
    """Return when the level starts and ends, if known."""
    if story.status == "pending" and story.center:
        coming = _coming(matcher, story)
        opens = f"when {_cut(story.center.center_id)} opens"
        if _coming_band(matcher, story).metric == "road":
            return (
                f"{story.level} on {story.as_of}. From {story.available_on}, {opens}, possibly "
                f"{coming.title}. {BY_ROAD}; it is not promised yet."
            )
        return (
            f"{story.level} on {story.as_of}. From {story.available_on}, {opens}, "
            f"{coming.title}: {_promise(coming)}"
        )
    if story.status == "review":
        return f"{story.level} on {story.as_of}; a higher level only after the review."
    if story.status == "not_covered":
        return f"Not covered on {story.as_of}."
    told = f"In force on {story.as_of}."
    if story.status == "qualified" and story.center:
        opened = matcher.centers.opens_on[matcher.centers.center_id.index(story.center.center_id)]
        told += "" if np.isnat(opened) else f" The center has been open since {opened}."
        told += f" The center {story.center.closes}." if story.center.closes else ""
    return told


def _clauses(matcher: Matcher, story: Explanation) -> tuple[str, ...]:
    """Return the clauses that decided, and that of a promise that starts later."""
    clock = _coming(matcher, story).replacement if story.status == "pending" else None
    coming = [matcher.policy.clauses[clock.clause]] if clock else []
    return tuple(dict.fromkeys([*story.clauses, *coming]))


def _coming(matcher: Matcher, story: Explanation) -> Level:
    """Return the level of a site once its center opens."""
    return matcher.policy.level(_coming_band(matcher, story).level)


def _coming_band(matcher: Matcher, story: Explanation) -> Band:
    """Return the band of a site once its center opens: that of the limit that applied."""
    band = matcher.policy.band_for(story.country, story.limit_miles or 0.0)
    return band or matcher.policy.bands_in(story.country)[-1]


def _center(story: Explanation, center: NearCenter) -> tuple[str, ...]:
    """Return the center, and its distance compared with the limit."""
    told = f"in {center.region or center.country}, {center.distance_miles:.3f} miles away"
    if story.limit_miles is not None and center.margin_miles is not None:
        side = "beyond" if center.margin_miles < 0 else "within"
        limit = miles_text(story.limit_miles)
        told += f": {abs(center.margin_miles):.3f} {side} the limit of {limit} miles"
    return _cut(center.center_id), f"({_cut(center.name)})" if center.name else "", told


def _scene(matcher: Matcher, story: Explanation, site: Addressee) -> Scene:
    """Return the content of the map: the center of the verdict and all others near it."""
    centers = matcher.centers
    spots = {
        name: Spot(float(centers.lon[i]), float(centers.lat[i]), name)
        for i, name in enumerate(centers.center_id)
    }
    chosen = spots.pop(story.center.center_id, None) if story.center else None
    own = Spot(story.longitude, story.latitude, site.name or site.site_id)
    return Scene(own, chosen, tuple(spots.values()), story.limit_miles)


def _caption(matcher: Matcher, story: Explanation) -> str:
    """Return the caption of the map."""
    scene = _scene(matcher, story, Addressee(""))
    far = scene.center is None or is_far(scene.site, scene.center)
    told = "Round mark: the site. Squares: service centers"
    told += ". " if far else "; blue: the center named above. "
    if story.limit_miles is not None:
        middle, wanted = ("site", "centers") if far else ("center", "sites")
        told += f"Circle: {miles_text(story.limit_miles)} miles around the {middle}"
        told += f"; only {wanted} in the same country count. " if story.same_country else ". "
        if scene.center is not None and far:
            told += "The center is outside the map. "
    return f"{told}Distances from the site are to scale; the map is for orientation only."
