"""Places in syntax trees that do not exist, or that fit twice, are errors."""

import pytest
from mutation import Delete, Keep, PlaceError, Value, mutated

SOURCE = '''
LIMIT: Final = 2


class Circle:
    def is_near(self, away: float) -> bool:
        """Compare."""
        if away < 0:
            away = -away
        return away <= LIMIT
'''


@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("is_near", "Compare", "is_near is not defined"),
        ("Circle.is_far", "Compare", "is_far is not defined"),
        ("Circle.is_near", "Compare", "has 2 such nodes"),
        ("Circle.is_near", "Compare#2/3", "has 2 such nodes"),
        ("Circle.is_near", "Compare[==]", "has 0 such nodes"),
        ("Circle.is_near", "Compare{Call[abs]}", "has 0 such nodes"),
        ("Circle.is_near", "Return Compare[<]", "has 0 such nodes"),
        ("Circle.is_near", "Comparison", "ast has no Comparison"),
        ("Circle.is_near", "Return.test", "Return has no part test"),
        ("Circle.is_near", "If.body.3", "has no part 3"),
        ("Circle.is_near", "If Compare <", "is not a place, from '<' on"),
    ],
)
def test_a_place_exists_once(name: str, place: str, message: str) -> None:
    """A place that fits two nodes would change its meaning when code is added before it."""
    with pytest.raises(PlaceError, match=message):
        mutated(SOURCE, name, place, Value(0))


def test_constants_annotations_and_docstrings() -> None:
    """The value of a constant changes, not its annotation; a docstring is not counted."""
    assert "LIMIT: Final = 3" in mutated(SOURCE, "LIMIT", "Constant", Value(3))
    assert "if away < 9:" in mutated(SOURCE, "Circle.is_near", "Constant", Value(9))


def test_only_statements_and_items_of_lists_can_be_deleted() -> None:
    """Where nothing can be absent, another part is kept instead."""
    with pytest.raises(PlaceError, match="keep another part"):
        mutated(SOURCE, "Circle.is_near", "Return.value", Delete())
    kept = mutated(SOURCE, "Circle.is_near", "Return.value", Keep(".comparators.0"))
    assert "return LIMIT" in kept
    assert "pass" in mutated(SOURCE, "Circle.is_near", "If Assign", Delete())
