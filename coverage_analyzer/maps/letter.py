"""The letter about one site: a printed page with the promise, its start, its end and the clauses.

It contains no script and makes no network requests. All user text is escaped and inserted in one
pass, so that it cannot contain placeholders.
"""

import datetime
import html
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Final

from coverage_analyzer.countries import ATTRIBUTION
from coverage_analyzer.errors import InputError, quantity, visible
from coverage_analyzer.maps import letter_words as words
from coverage_analyzer.maps.base_map import CREDIT
from coverage_analyzer.maps.labels import text_width
from coverage_analyzer.maps.letter_map import HEIGHT, LOW, Drawing, Scene, Spot, is_far
from coverage_analyzer.maps.letterhead import PLACEHOLDER, Letterhead
from coverage_analyzer.maps.scripts import asset
from coverage_analyzer.matching.explanation import Explanation, NearCenter
from coverage_analyzer.matching.matcher import COUNTRY_IN_DOUBT, Matcher
from coverage_analyzer.matching.promise import End
from coverage_analyzer.policy import Band
from coverage_analyzer.policy.clock_keys import Side
from coverage_analyzer.policy.clocks import Replacement
from coverage_analyzer.policy.model import PRINTED_MILES
from coverage_analyzer.policy.rules import NOT_COVERED, Level
from coverage_analyzer.schema import actions, theme
from coverage_analyzer.schema.content_policy import content_policy, with_policy
from coverage_analyzer.schema.verdict import Reason

LONGEST: Final = 320
"""Maximum characters of a text; longer ones are truncated with a note, to fit on one page."""

LONGEST_ANSWER: Final = {"promise": 700, "later": 700}
"""Likewise, of paragraphs on what is promised, by kind: a promise with all its hours is longer."""

LONGEST_ADDRESS: Final = 200
LONGEST_NAME: Final = 80
"""Maximum characters of an address, and of an id or name within another text."""

CONFIRMED_LATER: Final = "To be confirmed"
"""Heading of the letter about a site under review."""

BY_ROAD: Final = "the distance by road has not been checked, so this is not promised yet"
"""Why a pending site is not promised its level yet."""

STARTS_LATER: Final = {
    Reason.not_yet_in_force: "A better level is not in force for this site yet.",
    Reason.relocated: "After the move of the site, a better level has to be set up anew.",
}
"""Why a site has no higher level, where no day is known on which it gets it."""

PURCHASED: Final = frozenset({Reason.level_not_requested, Reason.no_distance_limit})
"""Reasons by which a site has the level that was purchased for it."""

NOT_YET: Final = {
    Reason.not_yet_in_force: "On that day {level} comes into force for this site.",
    Reason.relocated: "By that day {level} is to be set up anew, after the move of the site.",
}
"""Why a site waits for a day of its own, where a customer needs other words than a report."""

NO_LETTERHEAD: Final = Letterhead()

NOT_HIGHER: Final = {
    Reason.beyond_radius: (
        "no open service center in the same country ({country}) is within {limit} of it"
    ),
    Reason.no_center_in_country: "there is no open service center in its country ({country})",
    Reason.not_offered_in_country: "it is not offered in its country ({country})",
    Reason.component_excluded: "the component is excluded from it",
}
"""Why a site has no higher level, where a customer needs other words than a report."""


@dataclass(frozen=True)
class LetterSite:
    """The site of a letter.

    Attributes
    ----------
    site_id, name
        What it is called.
    address
        The lines of its address, if known.
    line
        Its line in the file, for audit; 0 if it has none.
    """

    site_id: str
    name: str = ""
    address: tuple[str, ...] = ()
    line: int = 0


@dataclass
class Letters:
    """Writes letters about sites that were assessed with one matcher.

    Attributes
    ----------
    matcher
        Centers, policy and day.
    head
        Sender, addressee and dates.
    drawing
        Draws the maps, and keeps what several of them need.

    Raises
    ------
    InputError
        If the dates of the letterhead do not fit the day.
    """

    matcher: Matcher
    head: Letterhead = NO_LETTERHEAD
    drawing: Drawing = field(init=False)

    def __post_init__(self) -> None:
        """Check the dates.

        Raises
        ------
        InputError
            If they do not fit the day of the assessment.
        """
        self.drawing = Drawing(self.matcher)
        day, until = self.matcher.as_of, self.head.letter.valid_until
        if self.issued_on > day:
            msg = (
                f"The letterhead dates the letter {self.issued_on}, but the sites are assessed as "
                f"of {day}. A letter cannot be issued after that day: use --as-of {self.issued_on}."
            )
            raise InputError(msg)
        if until and until < day:
            msg = (
                f"The letterhead says valid_until = {until}, which is before {day}, the day of the "
                f"assessment. Change one of the two."
            )
            raise InputError(msg)

    @property
    def issued_on(self) -> datetime.date:
        """Date of issue."""
        return self.head.letter.issued_on or self.matcher.as_of

    def valid_until(self, end: End | None) -> datetime.date | None:
        """Return the last day on which a letter is valid: never after the end of its promise."""
        own = self.head.letter
        days = [own.valid_until] if own.valid_until else []
        if own.valid_days:
            days.append(self.issued_on + datetime.timedelta(days=own.valid_days))
        if end is not None:
            days.append(end.last_day.astype(object))
        return min(days, default=None)

    def write(self, story: Explanation, site: LetterSite, end: End | None = None) -> str:
        """Return the letter about a site as an HTML page.

        Parameters
        ----------
        story
            Why the site has its level, as explained by the matcher.
        site
            Name and address of the site.
        end
            The end of the promise, if known.
        """
        return _Letter(self, story, site, end).page()


@dataclass(frozen=True)
class _Letter:
    """One letter."""

    letters: Letters
    story: Explanation
    site: LetterSite
    end: End | None

    def page(self) -> str:
        """Return the page."""
        story, site, head = self.story, self.site, self.letters.head
        filled = {
            "title": _text(f"{self.heading}: {_cut(site.name or site.site_id)}"),
            "sender": "\n".join(_sender(head)),
            "opening": "\n".join(self._opening()),
            "level": _text(self.heading),
            "site": _name(site),
            "status": story.status,
            "answer": "\n".join(
                f'<p class="{kind}">{_text(t, LONGEST_ANSWER.get(kind, LONGEST))}</p>'
                for kind, t in self._answer()
            ),
            "facts": "\n".join(self._facts()),
            "clauses": "\n".join(f"<li>{_text(c)}</li>" for c in self._clauses()),
            "source": _text(story.source),
            "map": self.letters.drawing.picture(self._scene()),
            "caption": _text(self._caption()),
            "ending": "\n".join(_ending(head)),
            "audit": _text(self._audit(), LONGEST_AUDIT),
        }
        size = font_size([filled[name] for name in TEXTS])
        style = theme.resolve(asset("letter.css"), theme.LETTER)
        style = f"{style}@media print {{ :root {{ font-size: {size:.2f}pt; }} }}\n"
        page = Template(asset("letter.html")).substitute(filled, style=style)
        return with_policy(page, content_policy(styles=[f"\n{style}"]))

    @property
    def matcher(self) -> Matcher:
        """Centers, policy and day."""
        return self.letters.matcher

    @property
    def heading(self) -> str:
        """The level; a review confirms none."""
        return CONFIRMED_LATER if self.story.status == "review" else self.story.level

    @property
    def level(self) -> Level:
        """The level in force."""
        return self.matcher.policy.titled(self.story.level)

    @property
    def country(self) -> str:
        """Name of the country of the site; empty if it is in doubt."""
        names = self.matcher.world.names
        return names.titles[names.known(self.story.country)] if self.story.country else ""

    def _away(self, center: NearCenter) -> str:
        """Return the distance of a center."""
        code = self.story.country or self.story.located
        decimals, unit = words.decimals_for(center.margin_miles), self.matcher.policy.unit
        km, miles = center.distance_km, center.distance_miles
        return words.distance(miles if km is None else km, code, decimals, unit)

    def _limit(self) -> str:
        """Return the limit that applied, with all its decimals if it has any."""
        story, unit = self.story, self.matcher.policy.unit
        if story.limit_minutes is not None:
            return story.limit_words
        limit = (story.limit_miles if unit == "miles" else story.limit_km) or 0.0
        code = story.country or story.located
        return words.distance(limit, code, 1 if limit == round(limit) else 3, unit)

    def _opening(self) -> Iterator[str]:
        """Yield addressee, particulars, greeting and introduction."""
        head, own = self.letters.head, self.letters.head.letter
        yield '<div class="opening">'
        if head.sender or head.addressee:
            lines = "<br>".join(f"<bdi>{_text(line)}</bdi>" for line in self._addressee())
            yield f"<address>{lines}</address>"
        yield '<dl class="particulars">'
        if own.reference:
            yield _fact("Reference", own.reference.replace(PLACEHOLDER, _cut(self.site.site_id)))
        yield _fact("Date", words.date(self.letters.issued_on))
        until = self.letters.valid_until(self.end)
        if until and self.story.status not in {"review", "not_covered"}:
            yield _fact("Valid until", words.date(until))
        if head.contact:
            who = head.contact
            first = ", ".join(filter(None, (who.name, who.role)))
            shown = [f"<bdi>{_text(text)}</bdi>" for text in (first, who.phone, who.email) if text]
            yield f"<dt>Contact</dt><dd>{'<br>'.join(shown)}</dd>"
        yield "</dl>\n</div>"
        for text in filter(None, (own.greeting, own.introduction)):
            yield f'<p class="own">{_text(text)}</p>'

    def _addressee(self) -> Iterator[str]:
        """Yield the lines of the addressee: the given one, or the site."""
        given = self.letters.head.addressee
        if given:
            yield from filter(None, (given.name, given.attention, *given.address))
            return
        yield _cut(self.site.name or self.site.site_id)
        yield from (_cut(line) for line in self.site.address[:5])
        yield self.country

    def _answer(self) -> Iterator[tuple[str, str]]:
        """Yield the promise and its reason, each with its kind."""
        story, level = self.story, self.level
        if story.status == "review":
            yield "promise", "The service level of this site cannot be confirmed yet."
            step = actions.TO_CLEAR.get(Reason[story.reason], story.reason_words)
            yield "reason", f"To be cleared: {step}."
            return
        if level is NOT_COVERED:
            yield "promise", "No replacement is promised for this site."
            yield "reason", f"The reason: {story.reason_words}."
            if story.afterwards:
                yield "reason", f"{story.afterwards.partition(':')[0]}. Please ask us about it."
            return
        first, *others = self._promises(level)
        yield "promise", first
        if meant := words.meaning(level):
            yield "meaning", meant
        yield from (("later", text) for text in others)
        if story.status == "pending":
            yield from self._later()
        else:
            yield "reason", self._reason()

    def _later(self) -> Iterator[tuple[str, str]]:
        """Yield what a pending site is promised from a later day on."""
        story, coming = self.story, self._coming()
        center = self._center_name(story.center)
        first = f"From {words.date(story.available_on)}"
        if story.coming:
            yield from self._in_force_later(first)
            return
        if story.available_from:
            first = f"{first} (or earlier, from {words.date(story.available_from)} on)"
        if self._coming_band().metric == "road":
            yield "later", f"{first}, when {center} opens, possibly {coming.title}: {BY_ROAD}."
            return
        yield "later", f"{first}: {coming.title}. {self._promised(coming)}"
        yield (
            "reason",
            f"On that day {center} is to open, if all goes as planned. {self._distance()}",
        )

    def _in_force_later(self, first: str) -> Iterator[tuple[str, str]]:
        """Yield what a site is promised from a day of its own on, and why not before."""
        coming, reason = self._coming(), Reason[self.story.reason]
        band = self._coming_band() if self._is_near() else None
        if band is not None and band.metric == "road":
            yield "later", f"{first}, possibly {coming.title}: {BY_ROAD}."
            return
        yield "later", f"{first}: {coming.title}. {self._promised(coming)}"
        why = NOT_YET[reason].format(level=coming.title)
        if band is None:
            yield "reason", why
            return
        center = self.story.center
        if center is not None and center.opens:
            why = f"{why} Before, {self._center_name(center)} is to open, if all goes as planned."
        yield "reason", f"{why} {self._distance()}"

    def _is_near(self) -> bool:
        """Return whether a center is within the limit of the site, and has the coming level."""
        center = self.story.center
        if not self.matcher.policy.bands:
            return False
        band = self._coming_band()
        within = center is not None and center.margin_miles is not None and center.margin_miles >= 0
        return within and self.matcher.policy.level(band.level).title == self._coming().title

    def _reason(self) -> str:
        """Return why the site has its level, and no higher one."""
        story = self.story
        reason = Reason[story.reason]
        if self._is_offered():
            return f"{story.level} is offered for this site at any distance."
        if reason == Reason.within_radius:
            return self._distance()
        if reason in STARTS_LATER:
            return STARTS_LATER[reason]
        if reason == Reason.no_distance_limit and story.level != self._bought():
            return "No purchased level is known for this site."
        higher = self._best_level()
        if reason in PURCHASED or higher.title == story.level:
            return f"{story.level} is the level purchased for this site."
        why = NOT_HIGHER.get(reason, "") if story.same_country else ""
        if "{limit}" in why and story.limit_miles is None:
            why = ""
        text = why.format(country=self.country, limit=self._limit()) or story.reason_words
        return f"{higher.title} is not available for this site: {text}."

    def _bought(self) -> str:
        """Return the title of the purchased level; empty if there is none, or it is unknown."""
        policy, cell = self.matcher.policy, self.story.stated.get("requested_level", "")
        bought = self.matcher.gates.level_id(cell) if policy.gates.request else None
        return policy.level(bought).title if bought else ""

    def _is_offered(self) -> bool:
        """Return whether the site has its level, as good as that of a band, by an offer."""
        story, policy = self.story, self.matcher.policy
        offered = {policy.level(offer.level).title for offer in policy.offers_in(story.country)}
        if story.level not in offered or story.status == "review":
            return False
        band = self._best_level()
        if story.status == "qualified" and band.title == story.level:
            return False
        return policy.titles.index(story.level) <= policy.level_position(band.id)

    def _distance(self) -> str:
        """Return how far the site is from the center, compared with the limit."""
        story, center = self.story, self.story.center
        if center is None or story.limit_miles is None:
            return f"The reason: {story.reason_words}."
        away = self._away(center)
        there = ""
        if story.same_country and self.country:
            there = f" in the same country ({self.country})"
        what = self._coming().title if story.status == "pending" else story.level
        start = f"The site is {away} from {self._center_name(center)}"
        if story.status == "pending" and not story.coming:
            start = f"It is {away} from the site"
        return f"{start}. {what} requires a service center within {self._limit()}{there}."

    def _center_name(self, center: NearCenter | None) -> str:
        if center is None:
            return "its service center"
        name = f"{_cut(center.name)} ({_cut(center.center_id)})" if center.name else ""
        return f"service center {name or _cut(center.center_id)}"

    def _facts(self) -> Iterator[str]:
        """Yield the rows of the letter."""
        story, site = self.story, self.site
        yield _fact(
            "Site", _cut(site.name), f"({_cut(site.site_id)})" if site.name else site.site_id
        )
        lines = [*map(_cut, site.address), self.country]
        if site.address:
            yield _fact("Address", _cut(", ".join(filter(None, lines)), LONGEST_ADDRESS))
        elif self.country:
            yield _fact("Country", self.country)
        for name, cell in story.stated.items():
            title = TITLES.get(name) or name.replace("_", " ").capitalize()
            yield _fact(title, words.date(cell) if name.endswith("_on") else _cut(cell))
        if story.status not in {"review", "not_covered"}:
            yield from self._service()
        for warning in story.warnings:
            yield _fact("Note", warning)

    def _service(self) -> Iterator[str]:
        """Yield what is promised in detail: hours, days, center."""
        story, level = self.story, self.level
        if hours := words.service_hours(level):
            yield _fact("Service hours", hours)
        yield _fact("In force", *self._in_force())
        if story.center is not None:
            yield self._center_fact(story.center)
        yield from self._business_days()

    def _center_fact(self, center: NearCenter) -> str:
        """Return the row of the service center, or of the nearest one."""
        is_near = center.margin_miles is not None and center.margin_miles >= 0
        place = _cut(center.name) or _cut(center.center_id)
        away = self._away(center)
        label = "Service center" if is_near else "Nearest center"
        return _fact(label, f"{place}, {away} from the site")

    def _business_days(self) -> Iterator[str]:
        """Yield whose business days count for the clocks of the level, if any."""
        policy = self.matcher.policy
        sides = [
            policy.calendar_side(clock)
            for clock in self.level.all_clocks
            if clock.counts_business_days
        ]
        places = [text for side in dict.fromkeys(sides) if (text := self._calendar_place(side))]
        if places:
            yield _fact("Business days", "; ".join(places))

    def _calendar_place(self, side: Side) -> str:
        """Return whose business days those of a side are; empty if that is not certain."""
        vendor, center = self.matcher.policy.vendor, self.story.center
        if side == "vendor" and vendor:
            return f"those of the vendor ({vendor.region or vendor.country})"
        if side == "site":
            return f"those of the site ({self.story.country or self.country})"
        if center is None or self.story.status == "pending":
            return ""
        return f"those of the service center ({center.region or center.country})"

    def _promised(self, level: Level) -> str:
        """Return what a level promises, its clocks one after the other."""
        return " ".join(self._promises(level))

    def _promises(self, level: Level) -> list[str]:
        """Return what a level promises, a sentence for each of its clocks."""
        without = words.NO_TIME if self.matcher.policy.format > 1 else words.NO_PROMISE
        return words.promises(self._clocks(level), without)

    def _clocks(self, level: Level) -> list[Replacement]:
        """Return the clocks of a level as they count here, those of format 2 with their calendar.

        Their hours are those of the country whose calendar counts.
        """
        policy, center = self.matcher.policy, self.story.center
        countries = {
            "site": self.story.country,
            "center": center.country if center else "",
            "vendor": policy.vendor.country if policy.vendor else "",
        }
        sides = [(clock, policy.calendar_side(clock)) for clock in level.all_clocks]
        clocks = [clock.in_country(countries[side]) for clock, side in sides]
        if policy.format == 1:
            return clocks
        named = zip(clocks, sides, strict=True)
        return [clock.model_copy(update={"calendar": side}) for clock, (_, side) in named]

    def _in_force(self) -> Iterator[str]:
        """Yield from when and until when the promise applies."""
        story, day = self.story, words.date(self.matcher.as_of)
        if story.status == "pending":
            later = words.date(story.available_on)
            by_distance = not story.coming or self._is_near()
            if by_distance and self._coming_band().metric == "road":
                yield f"{story.level} as of {day}."
            else:
                yield f"{story.level} as of {day}; {self._coming().title} from {later} on."
        else:
            yield f"As of {day}."
        if self.end is not None:
            closes = self.end.reason != Reason.lifecycle_phase
            why = "a service center closes" if closes else "a support phase of the product ends"
            yield f"Until {words.date(self.end.last_day.astype(object))}, because {why}."

    def _clauses(self) -> tuple[str, ...]:
        """Return the clauses that decided, and that of a promise that starts later."""
        story, policy = self.story, self.matcher.policy
        if story.status == "review":  # no promise, so no clause of one
            promised = {policy.clauses[c.clause] for v in policy.levels for c in v.all_clocks}
            return tuple(c for c in story.clauses if c not in promised)
        coming = [self._coming()] if story.status == "pending" else []
        names = [clock.clause for level in coming for clock in level.all_clocks]
        if policy.format > 1:  # a letter of format 1 leaves them to the terms of the programme
            levels = [*coming, *([] if self.level is NOT_COVERED else [self.level])]
            names += [name for level in levels for name in level.footnotes]
        return tuple(dict.fromkeys([*story.clauses, *(policy.clauses[name] for name in names)]))

    def _coming(self) -> Level:
        """Return the level of a site once its center opens, or the level is in force."""
        if self.story.coming:
            return self.matcher.policy.titled(self.story.coming)
        return self.matcher.policy.level(self._coming_band().level)

    def _coming_band(self) -> Band:
        """Return the band of a site once its center opens: that of the limit that applied."""
        policy, story = self.matcher.policy, self.story
        limit = story.limit_miles or 0.0
        here = (b for b in story.bands if abs(b.limit_in("miles") - limit) < PRINTED_MILES)
        return next(here, None) or (story.bands or policy.bands_in(story.country))[-1]

    def _best_level(self) -> Level:
        """Return the level of the nearest band where the site is, else the best one."""
        policy = self.matcher.policy
        bands = self.story.bands or policy.bands_in(self.story.country)
        return policy.level(bands[0].level) if bands else policy.levels[0]

    def _scene(self) -> Scene:
        """Return the content of the map: the center of the verdict and all others near it."""
        centers, story = self.matcher.centers, self.story
        in_doubt = Reason[story.reason] in COUNTRY_IN_DOUBT  # its center may be of another country
        center = None if in_doubt else story.center
        chosen = centers.center_id.index(center.center_id) if center else None
        own = Spot(story.longitude, story.latitude, self.site.name or self.site.site_id)
        height = LOW if self.letters.head.sender else HEIGHT
        limit = story.limit_miles if center or story.status != "review" else None
        if story.limit_minutes is not None:  # no circle is what a drive reaches
            limit = None
        return Scene(own, chosen, limit, story.status, story.country, height)

    def _caption(self) -> str:
        """Return the caption of the map."""
        scene, centers = self._scene(), self.matcher.centers
        caption = "Round mark: the site. Squares: open and planned service centers"
        far = True
        if scene.center is not None:
            at = Spot(float(centers.lon[scene.center]), float(centers.lat[scene.center]), "")
            far = is_far(scene.site, at)
        named = "nearest one" if self.story.status == "review" else "one named above"
        caption += ". " if far else f"; filled: the {named}. "
        if scene.limit_miles is not None:
            inside = ", in the same country" if self.story.same_country and self.country else ""
            if far:
                caption += f"Dashed: {self._limit()} around the site{inside}. "
            else:
                caption += f"Shaded: within {self._limit()} of it{inside}. "
            if far and scene.center is not None:
                caption += "The nearest service center is outside the map. "
        return f"{caption}The map is for orientation only."

    def _audit(self) -> str:
        """Return the line for audit."""
        story, policy, center = self.story, self.matcher.policy, self.story.center
        parts = [
            f"site {_cut(self.site.site_id)}",
            f"latitude {story.latitude}, longitude {story.longitude} (WGS 84)",
            f"country {story.country or 'none'}: {story.ground}",
            f"{story.level}, {story.status}, {story.reason}, as of {story.as_of}",
        ]
        if center is not None:
            away, limit = f"{center.distance_miles:.3f} miles", story.limit_miles
            if story.limit_minutes is not None:
                limit = None
            elif center.distance_km is not None:
                away, limit = f"{center.distance_km:.3f} km", story.limit_km
            of = "" if limit is None else f" of {limit:g}"
            parts.append(f"center {_cut(center.center_id)}, {away}{of}")
        parts.append(f"policy {policy.name}, sha256 {policy.sha256[:16]}")
        return f"For audit: {'; '.join(parts)}. {ATTRIBUTION}{CREDIT}"


TEXTS: Final = ("sender", "opening", "answer", "facts", "clauses", "ending")
"""Parts of a letter whose length differs."""

FONT_PT: Final = 10.5
"""Size of the font of a letter that has space."""

LEAST_PT: Final = 5.5

COLUMN_PX: Final = {"dd": 540.0, "address": 300.0}
"""Width of an element on a sheet; others take all of it."""

SHEET_PX: Final = 690.0
TEXT_PX: Final = 590.0
"""Width of a sheet, and the height that it has for texts besides the map, in CSS pixels."""

LONGEST_AUDIT: Final = 900

TITLES: Final = {
    "requested_level": "Level purchased",
    "installed_on": "Installed on",
    "registered_on": "Address registered on",
    "purchased_on": "Purchased on",
    "audited_on": "Audited on",
    "moved_on": "Moved on",
}
"""Titles of given values, where their names are not the words of a customer."""


def font_size(parts: Sequence[str]) -> float:
    """Return the size of the font, in points, with which the texts of a letter fit on a sheet.

    Smaller letters take less height twice: lines are lower, and there are fewer of them.

    Parameters
    ----------
    parts
        Of the page, as HTML.
    """
    whole = "".join(parts)
    height = 0.0
    for text, element in re.findall(r"(.*?)(?:</(p|dd|li|address|dl)>|<br>)", whole, re.DOTALL):
        line = html.unescape(re.sub(r"<[^>]*>", "", text)).strip()
        wide = text_width(line, FONT_PT / 0.75) / COLUMN_PX.get(element, SHEET_PX)
        height += (int(wide) + 1) * LINE_PX * bool(line)
    return max(LEAST_PT, FONT_PT * min(1.0, math.sqrt(TEXT_PX / max(height, 1.0))))


LINE_PX: Final = 19.6
"""Height of a line of `FONT_PT`."""


def _text(text: str, longest: int = LONGEST) -> str:
    """Return a text on one line, escaped for HTML."""
    return html.escape(_cut(text, longest))


def _cut(text: str, most: int = LONGEST_NAME) -> str:
    """Return a text on one line, truncated with the number of omitted characters."""
    line = visible(" ".join(text.split()))
    if len(line) <= most:
        return line
    return f"{line[:most]}\N{HORIZONTAL ELLIPSIS} ({quantity(len(line) - most, 'more character')})"


def _name(site: LetterSite) -> str:
    """Return the name of a site with its id, as HTML."""
    site_id = f"<bdi>{_text(_cut(site.site_id))}</bdi>"
    return f"<bdi>{_text(_cut(site.name))}</bdi> ({site_id})" if site.name else site_id


def _fact(name: str, *texts: str) -> str:
    """Return a row: its name, and texts isolated from each other's direction."""
    values = " ".join(f"<bdi>{_text(text)}</bdi>" for text in texts if text)
    return f"<dt>{name}</dt><dd>{values}</dd>"


def _sender(head: Letterhead) -> Iterator[str]:
    """Yield the sender and its logo."""
    sender = head.sender
    if sender is None:
        return
    yield '<div class="sender">'
    if head.logo:
        yield f'<img class="logo" src="{head.logo}" alt="{_text(sender.name)}">'
    reach = [text for text in (sender.phone, sender.email, sender.website) if text]
    shown = [f"<bdi>{_text(line)}</bdi>" for line in sender.address]
    lines = [f"<b><bdi>{_text(sender.name)}</bdi></b>", ", ".join(shown)]
    lines.append(" \u00b7 ".join(f"<bdi>{_text(text)}</bdi>" for text in reach))
    yield f"<p>{'<br>'.join(filter(None, lines))}</p>\n</div>"


def _ending(head: Letterhead) -> Iterator[str]:
    """Yield the texts below the letter."""
    own = head.letter
    if own.note:
        yield f'<p class="note">{_text(own.note)}</p>'
    lines: Sequence[str] = [text for text in (own.closing, own.signatory) if text]
    if lines:
        yield f'<p class="own">{"<br>".join(_text(line) for line in lines)}</p>'
