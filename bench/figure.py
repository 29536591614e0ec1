"""One row of the table."""

from dataclasses import dataclass

Values = dict[str, float]


@dataclass(frozen=True)
class Figure:
    """One row: a value for each of `direct`, `floor` and `ocp` that it makes sense for.

    With `added` the row is about the difference to `direct`. `mark` is the limit of the proxy's
    value (of an added figure: of the difference): a maximum, or a minimum if `higher_is_better`.
    """

    name: str
    unit: str
    values: Values
    added: bool = False
    mark: float | None = None
    higher_is_better: bool = False
    digits: int = 2

    @property
    def judged_value(self) -> float:
        """The value that is compared with the mark."""
        return self.values["ocp"] - (self.values["direct"] if self.added else 0)

    @property
    def is_kept(self) -> bool | None:
        """Whether the mark is kept; None without a mark."""
        if self.mark is None:
            return None
        return (
            self.judged_value >= self.mark
            if self.higher_is_better
            else self.judged_value <= self.mark
        )
