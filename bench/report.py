"""Ratios of samples taken in turn, and how they are told."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One promised figure: what was measured, in each round, and what was promised."""

    name: str
    values: Sequence[float]
    goal: float
    is_floor: bool = False
    unit: str = "x"

    @property
    def median(self) -> float:
        """The figure."""
        return statistics.median(self.values)

    @property
    def is_met(self) -> bool:
        """Whether the promise holds."""
        return self.median >= self.goal if self.is_floor else self.median <= self.goal

    def __str__(self) -> str:
        sign = ">=" if self.is_floor else "<="
        return (
            f"{self.name}: {self.median:.2f} {self.unit} "
            f"({min(self.values):.2f} to {max(self.values):.2f}, n={len(self.values)}), "
            f"goal {sign} {self.goal:g} {self.unit}: {'met' if self.is_met else 'MISSED'}"
        )


def ratios(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """Round by round."""
    return [one / other for one, other in zip(these, those, strict=True)]


def seconds(name: str, values: Sequence[float]) -> str:
    """A line of plain seconds; they mean little on another machine."""
    return f"{name}: {statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"
