"""What is usual: the median of earlier figures, and how far they stray from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median

STRAY = 4.0
"""Spreads from the middle that are ordinary; of normal figures one in 16,000 is further away."""
SCALE = 1.4826  # makes the median deviation of normal figures their standard deviation


@dataclass(frozen=True, slots=True)
class Baseline:
    """The middle of some figures above zero, and the ratio to it that ordinary ones stay within."""

    middle: float
    ratio: float
    """From 1 up: an ordinary figure is between middle ÷ ratio and middle × ratio."""
    most: float

    def is_outlier_low(self, figure: float, share: float) -> bool:
        """Whether it is below this share of the middle, and below what is ordinary."""
        return figure < self.middle * min(share, 1 / self.ratio)

    def far_above(self, figure: float, times: float) -> bool:
        """Whether it is more than `times` the middle, and twice the largest so far."""
        return figure > max(self.middle * max(times, self.ratio), self.most * 2)


def usual(figures: Iterable[float]) -> Baseline | None:
    """What is usual; None without figures. Compared as ratios: double is as far as half."""
    logs = sorted(log(figure) for figure in figures if figure > 0)
    if not logs:
        return None
    middle = median(logs)
    spread = SCALE * median(abs(one - middle) for one in logs)
    return Baseline(exp(middle), exp(STRAY * spread), exp(logs[-1]))


def seasonal(figures: Iterable[tuple[int, float]]) -> dict[int, Baseline]:
    """What is usual per season: its own middle, and the spread of all figures around theirs."""
    seasons: dict[int, list[float]] = {}
    for season, figure in figures:
        if figure > 0:
            seasons.setdefault(season, []).append(log(figure))
    middles = {season: median(logs) for season, logs in seasons.items()}
    spread = SCALE * median(
        [abs(one - middles[season]) for season, logs in seasons.items() for one in logs] or [0.0]
    )
    return {
        season: Baseline(exp(middles[season]), exp(STRAY * spread), exp(max(logs)))
        for season, logs in seasons.items()
    }


def middle_share(parts: Sequence[int], wholes: Sequence[int]) -> float:
    """The median share; 0 where nothing is known."""
    shares = [part / whole for part, whole in zip(parts, wholes, strict=True) if whole]
    return median(shares) if shares else 0.0
