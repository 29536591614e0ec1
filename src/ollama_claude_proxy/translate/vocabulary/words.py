"""How a text is split into words before pieces are merged, by the name of the pre-tokenizer.

The names are those of GGUF (`tokenizer.ggml.pre`). Each vocabulary was trained with one such
expression, and merges never cross its words. Python's expressions know no Unicode categories, so
letters are what is alphanumeric but no digit; combining marks count as signs. Most text is ASCII,
and has expressions of its own, which are twice as fast.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

SplitWords = Callable[[str], list[str]]

# SentencePiece's own way, whatever the name of its pre-tokenizer.
METASPACE = "metaspace"


class _Classes(NamedTuple):
    """Kinds of characters as regular expressions; `joint` may begin a word before its letters."""

    letter: str
    digit: str
    sign: str
    joint: str
    not_small: str
    not_capital: str
    wide: str
    narrow: str


_ASCII = _Classes(
    letter="[A-Za-z]",
    digit="[0-9]",
    sign=r"[^\sA-Za-z0-9]",
    joint=r"[^\r\nA-Za-z0-9]",
    not_small="[A-Z]",
    not_capital="[a-z]",
    wide="[^\x00-\x7f]",
    narrow="[A-Za-z]",
)
_WIDE = r"[\u4e00-\u9fa5\u3040-\u30ff]"
_UNICODE = _Classes(
    letter=r"[^\W\d_]",
    digit=r"\d",
    sign=r"(?:[^\s\w]|_)",
    joint=r"(?:[^\r\n\w]|_)",
    not_small=r"(?:(?![a-z])[^\W\d_])",
    not_capital=r"(?:(?![A-Z])[^\W\d_])",
    wide=_WIDE,
    narrow=rf"(?:(?!{_WIDE})[^\W\d_])",
)
_SUFFIX = r"'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])"
_SMALL_SUFFIX = r"'(?:[stmd]|re|ve|ll)"
_SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"


def _gpt2(kind: _Classes) -> str:
    return rf"{_SMALL_SUFFIX}| ?{kind.letter}+| ?{kind.digit}+| ?{kind.sign}+|\s+(?!\S)|\s+"


def _starcoder(kind: _Classes) -> str:
    """Return GPT-2's expression where each digit stands alone."""
    return rf"{_SMALL_SUFFIX}|{kind.digit}| ?{kind.letter}+| ?{kind.sign}+|\s+(?![^\s\d])|\s+"


def _falcon(kind: _Classes) -> str:
    """Return GPT-2's expression where signs stand alone and digits come in threes."""
    return (
        rf"{kind.sign}+| ?{kind.letter}+|{kind.digit}{{3}}| ?{kind.digit}{{1,2}}(?!{kind.digit})"
        r"|\s+(?![^\W_])|\s+"
    )


def _qwen2(kind: _Classes) -> str:
    return rf"{_SUFFIX}|{kind.joint}?{kind.letter}+|{kind.digit}| ?{kind.sign}+[\r\n]*|{_SPACES}"


def _llama3(kind: _Classes) -> str:
    """Return Qwen's expression where digits come in threes."""
    return (
        rf"{_SUFFIX}|{kind.joint}?{kind.letter}+|{kind.digit}{{1,3}}"
        rf"| ?{kind.sign}+[\r\n]*|{_SPACES}"
    )


def _gpt4o(kind: _Classes) -> str:
    return _by_case(kind, rf"(?:{_SUFFIX})?")


def _tekken(kind: _Classes) -> str:
    return _by_case(kind, "")


def _by_case(kind: _Classes, suffix: str) -> str:
    """Return an expression that begins a new word where small letters end."""
    return (
        rf"{kind.joint}?{kind.not_small}*{kind.not_capital}+{suffix}"
        rf"|{kind.joint}?{kind.not_small}+{kind.not_capital}*{suffix}"
        rf"|{kind.digit}{{1,3}}| ?{kind.sign}+[\r\n/]*|{_SPACES}"
    )


def _deepseek3(kind: _Classes) -> str:
    return (
        rf"{kind.digit}{{1,3}}|{kind.wide}+|[!-/:-@\[-`{{-~][A-Za-z]+"
        rf"|[^\S\r\n]?{kind.narrow}+| ?{kind.sign}+[\r\n]*"
        rf"|\s*[\r\n]+|\s+(?!(?!{kind.wide})[^\s\d])|\s+"
    )


def _deepseek(kind: _Classes) -> str:
    return rf"[\r\n]|{kind.digit}|{kind.wide}+|[^\S\r\n]?{kind.narrow}+|[^\S\r\n]?{kind.sign}+|\s+"


def _metaspace(_: _Classes) -> str:
    """Return an expression for SentencePiece, whose pieces have spaces only at their beginning."""
    return r" *[^ \n]+| +|\n+"


_BY_NAME: dict[str, Callable[[_Classes], str]] = {
    **dict.fromkeys(("deepseek-v3", "hunyuan-dense", "joyai-llm"), _deepseek3),
    **dict.fromkeys(("deepseek-llm", "deepseek-coder"), _deepseek),
    **dict.fromkeys(("default", "falcon"), _falcon),
    **dict.fromkeys(("gpt-4o", "llama4", "minimax-m2", "kanana2"), _gpt4o),
    **dict.fromkeys(
        ("gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "mellum"), _gpt2
    ),
    **dict.fromkeys(
        ("command-r", "starcoder", "refact", "smollm", "codeshell", "exaone", "mellum2"),
        _starcoder,
    ),
    **dict.fromkeys(
        (
            "qwen2",
            "qwen35",
            "deepseek-r1-qwen",
            "stablelm2",
            "hunyuan",
            "solar-open",
            "grok-2",
            "bailingmoe",
            "bailingmoe2",
            "seed-coder",
            "laguna",
            "exaone-moe",
        ),
        _qwen2,
    ),
    METASPACE: _metaspace,
    "tekken": _tekken,
}


@cache
def word_splitter(name: str) -> SplitWords:
    """Return what splits a text into words; a name that is not known is taken for the commonest."""
    pattern = _BY_NAME.get(name, _llama3)
    find_ascii = re.compile(pattern(_ASCII), re.ASCII).findall
    find_any = re.compile(pattern(_UNICODE)).findall
    return lambda text: find_ascii(text) if text.isascii() else find_any(text)
