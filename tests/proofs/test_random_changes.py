"""The short form of the random changes: they can be drawn. `python -m tests.proofs.random_changes`
tries them.
"""

import ast

import pytest

from tests.proofs.changes import changes_of
from tests.proofs.mutations import ROOT
from tests.proofs.random_changes import EQUAL, RULES, drawn, rule_modules, source_of, why_equal

MODULES = rule_modules()
SOURCE = '''
"""A module's 1 docstring."""

RULE = Callable[[int | None], bool]
WORDS = ("a", "b", "c", "d", "e", "f")


def rule(some: "int | None" = 1, *, more: bool = True) -> bool:
    """Not 1 of these."""
    assert some == 1
    if some is not None and not more:  # and or
        return f"{some + 1} and more" or "code"
    total[1:some] += -max(cast("int", some))
    return None
'''


def test_what_can_be_changed() -> None:
    """Neither types, comments, docstrings, assertions, lists of words nor sentences."""
    assert [change.what for change in changes_of("rule.py", SOURCE)] == [
        "1 → 2",
        "True → False",
        "is not → is",
        "and → or",
        "not → nothing",
        'f"{some + 1} and mor… → None',
        "or → and",
        "\"code\" → 'codex'",
        "1 → 2",
        "some → nothing",
        "+ → -",
        "- → nothing",
        "max → min",
    ]


@pytest.mark.parametrize(
    "module", [module for module in MODULES if not module.endswith("__init__.py")]
)
def test_a_module_of_rules_has_changes_and_tests(module: str) -> None:
    """What each makes of the source is Python, and its line is told."""
    source = source_of(module)
    assert MODULES[module]
    changes = drawn([module], seed=0, count=3)
    assert len(changes) == 3
    for change in changes:
        changed = change.applied(source)
        ast.parse(changed)
        first = next(
            n
            for n, pair in enumerate(zip(source.split("\n"), changed.split("\n"), strict=False), 1)
            if pair[0] != pair[1]
        )
        assert change.line == first


def test_each_pattern_of_the_rules_names_a_module() -> None:
    assert all(any((ROOT / "batch").glob(pattern)) for pattern, _ in RULES)


def test_a_seed_draws_the_same_changes() -> None:
    modules = list(MODULES)[:3]
    assert drawn(modules, 1, 5) == drawn(modules, 1, 5) != drawn(modules, 2, 5)


def test_what_is_said_to_be_equal_is_a_change_that_can_be_drawn() -> None:
    """Its line is in today's source."""
    reasons = [
        why_equal(change) for module in MODULES for change in changes_of(module, source_of(module))
    ]
    assert {one.why for one in EQUAL} <= set(reasons)
