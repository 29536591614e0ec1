"""What models of every dialect write, and what only shows such a thing, read by one reader.

Texts and expected calls were written apart from the reader, from the dialects' own descriptions.
`UNREAD` are the cases that are not read as they should be; a case that becomes right leaves it.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from support.call_reading import answer_content, calls_of, text_of

DATA = Path(__file__).parent / "data"
CHUNKINGS = ["whole", "byte by byte", "at random"]

UNREAD = {
    "dsml-json-values",  # `string="true"` around a number, where the schema allows both
    "harmony-preamble",  # the marks around a preamble remain
    "harmony-final-before",
    "kimi-k3-response",
    "minicpm-collapsed",  # `<functionname="Bash">`
    "python-dict-fence",  # a fence of Python is code
    "python-dict-tuple",
    "react-plain-input",  # a text where ReAct has JSON
    "qwen-xml-required-missing",  # the model is asked again; without that, the client says so
    "invoke-attributes",  # attributes are read as the arguments
    "attributes-tool-name",
    "deepseek-v31",
    "dsml-one-bar-lost",
    "functiongemma-response",
    "gemma4-colon",
    "lfm2-same-quotes",
    "lfm2-leading-zero",
    "python-dict-apostrophe",
}


def _load(folder: str) -> dict[str, dict[str, Any]]:
    return {
        case["id"]: case
        for file in sorted((DATA / folder).glob("*.json"))
        if file.name != "tools.json"
        for case in json.loads(file.read_text("utf-8"))
    }


@cache
def _tools() -> Toolbox:
    tools = json.loads((DATA / "turns" / "tools.json").read_text("utf-8"))
    return _toolbox(tools)


def _toolbox(tools: list[dict[str, Any]]) -> Toolbox:
    return Toolbox(OfferedTool(tool["name"], tool["input_schema"]) for tool in tools)


DOCUMENTS = _load("documents")
TURNS = _load("turns")
REPORTED: dict[str, dict[str, Any]] = {
    case["name"]: case
    for case in map(json.loads, (DATA / "toolcalls.jsonl").read_text("utf-8").splitlines())
}


def test_the_cases_are_many() -> None:
    assert len(DOCUMENTS) >= 370
    assert len({case["language"] for case in DOCUMENTS.values()}) >= 6
    assert len(TURNS) >= 590


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_never_a_command(name: str) -> None:
    text = DOCUMENTS[name]["text"]
    for how in CHUNKINGS:
        content = answer_content(text, _tools(), how)
        assert calls_of(content) == []
        assert text_of(content) == text


@pytest.mark.parametrize("name", TURNS)
def test_a_turn_is_read_as_the_calls_that_it_means(name: str) -> None:
    case = TURNS[name]
    contents = [answer_content(case["text"], _tools(), how) for how in CHUNKINGS]
    assert contents[1:] == contents[:-1], "the chunking changes what is read"
    is_right = calls_of(contents[0]) == case["calls"] and (
        case["rest"] is None or text_of(contents[0]).split() == case["rest"].split()
    )
    assert is_right == (name not in UNREAD)


ALL_TEXTS = [case["text"] for case in (*DOCUMENTS.values(), *TURNS.values())]


@settings(max_examples=150)
@given(
    texts=st.lists(st.sampled_from(ALL_TEXTS), min_size=2, max_size=3),
    between=st.sampled_from(["", " ", "\n", "\n\n", "\n`", '\n"', "\nRead ", "call:", "[", "{"]),
    end=st.integers(0, 4000),
)
def test_texts_in_a_row_are_read_alike_in_any_chunks(
    texts: list[str], between: str, end: int
) -> None:
    text = between.join(texts)[: end or None]
    contents = [answer_content(text, _tools(), how) for how in CHUNKINGS]
    assert contents[1:] == contents[:-1]


@pytest.mark.parametrize("name", REPORTED)
def test_what_was_reported_in_public_is_read_right(name: str) -> None:
    case = REPORTED[name]
    expected = case["expect"]
    for how in CHUNKINGS:
        content = answer_content(case["text"], _toolbox(case["tools"]), how)
        assert calls_of(content) == (expected.get("mended") or expected["calls"])
        if expected["text"] is not None:
            assert text_of(content).split() == expected["text"].split()
