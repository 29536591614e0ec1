"""Pure parts of what is remembered: texts as words and passages, messages as a chain."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.message_chain import chain, kept, restored, text_of
from ollama_claude_proxy.sessions.passages import passages, terms, wanted
from ollama_claude_proxy.sessions.storage.compression import packed, unpacked
from ollama_claude_proxy.sessions.truncate import cut
from ollama_claude_proxy.wire.anthropic import Message

TEXT = st.text(st.sampled_from("ab _Z9\n\t{}é\u4e2d"), max_size=3000)
BLOCKS = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, st.text()),
    st.builds(
        lambda name, given: {"type": "tool_use", "id": name, "name": "Read", "input": given},
        st.text(),
        st.dictionaries(st.text(), st.text() | st.integers() | st.none()),
    ),
    st.builds(
        lambda name, text: {"type": "tool_result", "tool_use_id": name, "content": text},
        st.text(),
        st.text(),
    ),
    st.builds(lambda extra: extra | {"type": "of tomorrow"}, st.dictionaries(st.text(), st.text())),
)


@given(TEXT)
def test_passages_are_the_whole_text_in_order(text: str) -> None:
    pieces = list(passages(text))
    assert "".join(text[start : start + length] for start, length in pieces) == text
    assert all(0 < length <= 500 for _, length in pieces)


def test_a_passage_begins_with_a_function() -> None:
    code = "".join(
        f"def number_{at}(one):\n    return one + {at}\n    # {'-' * 120}\n" for at in range(9)
    )
    begins = [code[start:].split("(")[0] for start, _ in passages(code)]
    assert all(begin.startswith("def number_") for begin in begins)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("readConfigFile", ["read", "config", "file"]),
        ("read_config_file", ["read", "config", "file"]),
        ("HTTPServer2", ["http", "server", "2"]),
        ("src/app.py:42", ["src", "app", "py", "42"]),
        ("10.0.0.7", ["10", "0", "0", "7"]),
        ("Größe_neu 数据", ["größe", "neu", "数", "据"]),
        ("utf8 x86_64", ["utf8", "x", "86", "64"]),
    ],
)
def test_words_are_found_by_their_parts(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_what_is_put_together_is_also_looked_for_as_a_phrase() -> None:
    assert wanted("What does readConfigFile do?") == ["read config file", "read", "config", "file"]


@given(TEXT)
def test_looking_for_a_text_never_gives_an_empty_word(text: str) -> None:
    assert all(term.strip() for term in wanted(text))


@given(TEXT, st.integers(40, 2000))
def test_a_shortened_text_has_its_head_and_tail(text: str, most: int) -> None:
    short = cut(text, most)
    if len(text) <= most:
        assert short == text
        return
    head, _, rest = short.partition("\n[... ")
    left, _, tail = rest.partition(" characters are left out here")
    assert text.startswith(head)
    assert text.endswith(tail.partition("...]\n")[2])
    assert 0 < int(left.replace(",", "")) <= len(text)
    assert len(short) <= most + 120


@given(st.binary(max_size=5000))
def test_what_is_packed_can_be_unpacked(body: bytes) -> None:
    assert unpacked(packed(body)) == body


@given(BLOCKS)
def test_a_block_comes_back_as_it_was(block: dict[str, Any]) -> None:
    assert restored(*kept(block)) == block
    assert isinstance(text_of(block), str)


@given(st.lists(BLOCKS, max_size=5))
def test_marks_thinking_and_lists_make_no_other_message(blocks: list[dict[str, Any]]) -> None:
    marked = [block | {"cache_control": {"type": "ephemeral"}} for block in blocks]
    thought = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, *marked]
    one, other = chain([Message("user", blocks)]), chain([Message("user", thought)])
    assert one[0].hash == other[0].hash


def test_a_chain_tells_what_came_before() -> None:
    hello, bye = Message("user", "Hello."), Message("user", "Bye.")
    assert chain([hello, bye])[1].hash != chain([bye])[0].hash
    whole = chain([hello, bye])
    assert chain([bye], whole[0].hash)[0].hash == whole[1].hash
    assert chain([Message("user", [{"type": "text", "text": "Hello.\n"}])])[0].hash == whole[0].hash
    assert chain([Message("assistant", "Hello.")])[0].hash != whole[0].hash
