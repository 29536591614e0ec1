"""The vocabulary of a real model, as a verbose `/api/show` tells it.

It is that of SmolLM2-135M-Instruct by Hugging Face (Apache-2.0), taken from its GGUF file.
"""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ollama_claude_proxy.translate.vocabulary.load import load_vocabulary
from ollama_claude_proxy.translate.vocabulary.vocabulary import Vocabulary
from ollama_claude_proxy.wire.tokenizer import Tokenizer

_FILE = Path(__file__).parent.parent / "data" / "smollm2-vocabulary.json.gz"


@cache
def smollm2_model_info() -> dict[str, Any]:
    """Return the entries of `model_info` that describe the tokenizer."""
    info: dict[str, Any] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return info


@cache
def smollm2_vocabulary() -> Vocabulary:
    """Return the loaded vocabulary."""
    vocabulary = load_vocabulary(msgspec.convert(smollm2_model_info(), Tokenizer))
    assert vocabulary is not None
    return vocabulary
