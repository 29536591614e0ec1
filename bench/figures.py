"""One row of the table."""

from dataclasses import dataclass

Values = dict[str, float]


@dataclass(frozen=True)
class Figure:
    """One row: a value for each of `direct`, `floor` and `ocp`, as far as it has a meaning.

    With `added` the row is about what is more than `direct`. `mark` judges the proxy's value (of
    an added figure: what it adds): at most that, or at least with `more` (more is better).
    """

    name: str
    unit: str
    values: Values
    added: bool = False
    mark: float | None = None
    more: bool = False
    digits: int = 2

    @property
    def judged(self) -> float:
        """The value that the mark is about."""
        return self.values["ocp"] - (self.values["direct"] if self.added else 0)

    @property
    def kept(self) -> bool | None:
        """Whether the mark is kept; None without a mark."""
        if self.mark is None:
            return None
        return self.judged >= self.mark if self.more else self.judged <= self.mark
