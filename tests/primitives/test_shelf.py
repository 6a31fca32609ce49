"""A shelf is a dictionary, whatever is in memory still and what in its file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.primitives import spill
from batch.primitives.spill import SpillDict


@given(st.lists(st.tuples(st.integers(-3, 3), st.none() | st.integers())), st.integers(1, 4))
def test_it_holds_what_a_dictionary_holds(
    changes: list[tuple[int, int | None]], at_once: int
) -> None:
    things: SpillDict[list[int]] = SpillDict()
    held: dict[int, list[int]] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spill, "AT_ONCE", at_once)
        for number, thing in changes:
            if thing is not None:
                things[number] = held[number] = [thing]
            elif number in held:
                del things[number], held[number]
            else:
                with pytest.raises(KeyError):
                    del things[number]
            assert things.get(number) == held.get(number)
        assert dict(things) == held
        assert list(things) == sorted(held)
        assert len(things) == len(held)


def test_what_is_taken_from_it_is_a_copy() -> None:
    things: SpillDict[list[int]] = SpillDict()
    things[1] = [1]
    things[1].append(2)
    assert things[1] == [1]
