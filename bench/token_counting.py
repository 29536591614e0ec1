"""The cost of counting a text that was not seen before, with a real vocabulary."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from figure import Figure
from ollama_claude_proxy.translate.vocabulary.load import load_vocabulary
from ollama_claude_proxy.wire.tokenizer import Tokenizer

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from support.vocabularies import smollm2_model_info

_ROOT = Path(__file__).parent.parent
# The first texts fill the cache of words, as a session's first turn does.
_WARMING_TEXTS = 40


def counting() -> list[Figure]:
    """Measure the loading, and the counting of source code and of prose after some others."""
    tokenizer = msgspec.convert(smollm2_model_info(), Tokenizer)
    started = time.thread_time()
    vocabulary = load_vocabulary(tokenizer)
    loading = time.thread_time() - started
    assert vocabulary is not None  # it is one that is known
    figures = [Figure("loading a vocabulary of 49,000 tokens", "s", {"ocp": loading}, mark=0.5)]
    texts = {
        "code": [path.read_text() for path in sorted((_ROOT / "src").rglob("*.py"))],
        "prose": _paragraphs(),
    }
    for kind, new in texts.items():
        costs = [_microseconds_per_character(vocabulary.count, text) for text in new]
        cost = {"ocp": statistics.median(costs[_WARMING_TEXTS:])}
        figures.append(Figure(f"counting new {kind}, a character", "µs", cost, mark=0.3))
    return figures


def _paragraphs() -> list[str]:
    texts = [path.read_text() for path in sorted(_ROOT.glob("docs/*.md"))]
    pieces = [piece for text in texts for piece in text.split("\n## ")]
    return [piece for piece in pieces if len(piece) > 400]


def _microseconds_per_character(count: Callable[[str], int], text: str) -> float:
    started = time.thread_time()
    count(text)
    return (time.thread_time() - started) / max(len(text), 1) * 1e6
