"""Laws of entitlements: to know more never overturns an answer, to have more never spoils one."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import coverage_analyzer as ca
from coverage_analyzer.programmes.conditions import Customer
from coverage_analyzer.programmes.entitlements import Entitlements, OfferStatus

FACTS = sorted(Customer.model_fields)
BETTER = {
    OfferStatus.does_not: 0,
    OfferStatus.not_stated: 1,
    OfferStatus.unknown: 1,
    OfferStatus.applies: 2,
}
PRODUCTS = ["", "XenApp", "XenDesktop", "XenServer", "NetScaler MPX", "XenDesktp"]
VERSIONS = ["", "6.5", "7.15", "7.15 LTSR", "7.15 LTSR CU3", "5.6", "7.1 LTSR", "1.0"]

customers = st.fixed_dictionaries({fact: st.sampled_from([True, False, None]) for fact in FACTS})
questions = st.tuples(
    st.sampled_from(PRODUCTS),
    st.sampled_from(VERSIONS),
    st.sampled_from(["", "US", "JP", "BR", "DE", "PR"]),
    st.sampled_from(["2018-12-31", "2019-01-01", "2019-10-01", "2019-10-02", "2026-12-01"]),
)


def answers_of(facts: dict[str, Any], question: tuple[str, ...]) -> Entitlements:
    """Return the answers to a question."""
    return ca.entitlements(facts, *question)


@given(customers, st.sampled_from(FACTS), st.booleans(), questions)
def test_to_know_more_never_overturns_an_answer(
    facts: dict[str, Any], fact: str, value: bool, question: tuple[str, ...]
) -> None:
    """What applies, or does not, while a fact is unknown, does so whatever the fact is."""
    before = answers_of(facts | {fact: None}, question)
    after = answers_of(facts | {fact: value}, question)
    for was, now in zip(before, after, strict=True):
        if was.answer in {OfferStatus.applies, OfferStatus.does_not}:
            assert now.answer == was.answer


@given(customers, st.sampled_from(FACTS), questions)
def test_to_have_more_never_spoils_an_answer(
    facts: dict[str, Any], fact: str, question: tuple[str, ...]
) -> None:
    """But for a renewal, which is had once."""
    has, lacks = (
        fact != "relationship_management_renewed",
        fact == "relationship_management_renewed",
    )
    with_it, without = (answers_of(facts | {fact: value}, question) for value in (has, lacks))
    for more, less in zip(with_it, without, strict=True):
        assert BETTER[more.answer] >= BETTER[less.answer]


@given(customers, questions)
def test_each_answer_rests_on_what_is_told(
    facts: dict[str, Any], question: tuple[str, ...]
) -> None:
    """Nothing missing where it applies, something where it does not; a clause for each ground."""
    for result in answers_of(facts, question):
        assert bool(result.missing) == (result.answer == OfferStatus.does_not)
        if result.answer == OfferStatus.applies:
            assert not result.undecided
        assert result.findings
        assert result.clauses
