"""What is known of a model's tokenizer, in the words of GGUF."""

from msgspec import Struct


class Tokenizer(Struct, frozen=True, rename=lambda name: f"tokenizer.ggml.{name}"):
    """A tokenizer: its kind, the name of its pre-tokenizer, and its vocabulary.

    `merges` has pairs of pieces with a space in between, the first to be merged first. `scores` and
    `token_type` have an entry for each of the `tokens`. A list is None where it is not told.
    """

    model: str = ""
    pre: str = ""
    tokens: list[str] | None = None
    merges: list[str] | None = None
    scores: list[float] | None = None
    token_type: list[int] | None = None
