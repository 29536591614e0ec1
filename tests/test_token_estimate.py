"""How near the estimate of tokens is to a real vocabulary, by kind of text.

The counts are Qwen's, of texts that were not used to fit the estimate.
"""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.translate.tokens import text_tokens

SAMPLES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "token_counts.jsonl").read_text().splitlines()
]
KINDS = sorted({sample["kind"] for sample in SAMPLES if "qwen" in sample})


@pytest.mark.parametrize("kind", KINDS)
def test_the_estimate_is_within_a_fifth_for_every_kind_of_text(kind: str) -> None:
    sums: defaultdict[str, float] = defaultdict(float)
    for sample in SAMPLES:
        if sample["kind"] == kind:
            sums["estimated"] += text_tokens(sample["text"])
            sums["counted"] += sample["qwen"]
    assert 0.8 < sums["estimated"] / sums["counted"] < 1.2


@given(st.text(), st.text())
def test_more_text_is_never_much_less_tokens(text: str, more: str) -> None:
    assert 0 <= text_tokens(text) <= 1.6 * len(text.encode("utf-8", "replace"))
    assert text_tokens(text + more) >= 0.5 * text_tokens(text)
