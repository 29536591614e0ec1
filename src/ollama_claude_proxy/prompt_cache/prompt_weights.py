"""What the parts of a prompt count for a model, learned from whole counts.

A count is one equation: so many tokens for so much text, tools and messages. Recursive least
squares solves such equations one by one. Each changes most what is least known; how much is known
is a matrix of covariances, which every equation makes smaller and time makes larger again.
"""

from collections.abc import Sequence

from msgspec import Struct

from ollama_claude_proxy.translate.tokens import TOKENS_PER_IMAGE, TOKENS_PER_MESSAGE, PromptSize

# Of texts, tools and messages, in this order.
Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

# No vocabulary has so many tokens for what is counted as one, no template so many for a message.
_MAX_WEIGHTS = (8.0, 8.0, 200.0)
_MIN_WEIGHTS = (0.1, 0.0, 0.0)
# The part of the first uncertainty that returns with every count.
_DRIFT = 0.05
_MIN_NOISE = 2.0  # tokens


class Uncertainty(Struct, frozen=True):
    """How far a count is off, as a part of it, and the weights before anything is learned."""

    count: float
    weights: Vector


# A vocabulary counts texts exactly; what is off is how a template shows tools, and its markup.
OF_VOCABULARY = Uncertainty(0.002, (0.01, 0.15, 4.0))
OF_ESTIMATE = Uncertainty(0.03, (0.3, 0.3, 4.0))


class PromptWeights(Struct, frozen=True):
    """The tokens of one counted token of text, of one of the tools, and of a message."""

    weights: Vector
    covariance: Matrix

    def tokens(self, size: PromptSize) -> float:
        """Return the tokens of a prompt."""
        return _product(self.weights, _parts(size)) + TOKENS_PER_IMAGE * size.images

    def learned(
        self, size: PromptSize, tokens: float, uncertainty: Uncertainty, *, exactly: bool = False
    ) -> "PromptWeights":
        """Return the weights after a prompt was counted; `exactly`: they then give that count."""
        parts, noise = _parts(size), 0.0 if exactly else max(uncertainty.count * tokens, _MIN_NOISE)
        before = _after_drift(self.covariance, uncertainty)
        gains = [_product(row, parts) for row in before]
        variance = max(_product(gains, parts) + noise**2, 1e-9)
        error = (tokens - self.tokens(size)) / variance
        weights = zip(self.weights, gains, _MIN_WEIGHTS, _MAX_WEIGHTS, strict=True)
        return PromptWeights(
            _vector([min(max(old + gain * error, low), high) for old, gain, low, high in weights]),
            _matrix(
                [
                    [old - gain * other / variance for old, other in zip(row, gains, strict=True)]
                    for row, gain in zip(before, gains, strict=True)
                ]
            ),
        )


def first_weights(uncertainty: Uncertainty) -> PromptWeights:
    """Return the weights before anything is learned."""
    return PromptWeights((1.0, 1.0, TOKENS_PER_MESSAGE), _diagonal(uncertainty))


def _after_drift(covariance: Matrix, uncertainty: Uncertainty) -> Matrix:
    first = _diagonal(uncertainty)
    rows = zip(covariance, first, strict=True)
    return _matrix(
        [[now + _DRIFT * at_first for now, at_first in zip(*row, strict=True)] for row in rows]
    )


def _diagonal(uncertainty: Uncertainty) -> Matrix:
    texts, tools, messages = (deviation**2 for deviation in uncertainty.weights)
    return ((texts, 0.0, 0.0), (0.0, tools, 0.0), (0.0, 0.0, messages))


def _parts(size: PromptSize) -> Vector:
    return size.texts, size.tools, float(size.messages)


def _product(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(one * other for one, other in zip(left, right, strict=True))


def _vector(numbers: Sequence[float]) -> Vector:
    texts, tools, messages = numbers
    return texts, tools, messages


def _matrix(rows: Sequence[Sequence[float]]) -> Matrix:
    texts, tools, messages = map(_vector, rows)
    return texts, tools, messages
