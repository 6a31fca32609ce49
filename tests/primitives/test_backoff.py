"""Pauses between tries grow, and stop growing."""

import pytest

from batch.bigcommerce.client import BACKOFF as READS
from batch.bigcommerce.slowdown import PAUSE as REFUSALS
from batch.ledger.postgres.connection import BACKOFF as DATABASE
from batch.pipeline.shipping.corrections import BACKOFF as CORRECTIONS
from batch.pipeline.shipping.dispatcher import BACKOFF as SHIPMENTS
from batch.primitives.backoff import Backoff
from batch.watcher.retries import BACKOFF as FILES


@pytest.mark.parametrize(
    ("backoff", "pauses"),
    [
        (READS, [0, 2, 4, 8, 16, 32, 60, 60]),
        (SHIPMENTS, [0, 2, 4, 8, 16, 32, 60, 60]),
        (CORRECTIONS, [0, 2, 4, 8]),
        (REFUSALS, [0, 1, 2, 4, 8, 16, 32, 60, 60]),
        (FILES, [0, 15, 30, 60, 120, 120]),
        (DATABASE, [0, 0.1, 0.2, 0.5, 1, 2, 5, 5]),
    ],
)
def test_each_pause_is_longer_until_it_is_the_longest(
    backoff: Backoff, pauses: list[float]
) -> None:
    """Nothing before the first failure; a thousand failures wait no longer than the longest."""
    assert [backoff.pause(failed) for failed in range(len(pauses))] == pauses
    assert backoff.pause(10_000) == backoff.pauses[-1]


def test_a_jittered_pause_lies_between_nothing_and_the_pause() -> None:
    """Many workers are spread over all of it."""
    drawn = [SHIPMENTS.jittered(3) for _ in range(200)]
    assert 0 <= min(drawn) < 2
    assert 6 < max(drawn) <= 8
    assert SHIPMENTS.jittered(0) == 0
