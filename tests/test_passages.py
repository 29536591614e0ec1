"""Texts are split into passages."""

from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.passages import split_passages

TEXT = st.text(st.sampled_from("ab _Z9\n\t{}é\u4e2d"), max_size=3000)


@given(TEXT)
def test_passages_are_the_whole_text_in_order(text: str) -> None:
    pieces = list(split_passages(text))
    assert "".join(text[start : start + length] for start, length in pieces) == text
    assert all(0 < length <= 500 for _, length in pieces)


def test_a_passage_begins_with_a_function() -> None:
    code = "".join(
        f"def number_{at}(one):\n    return one + {at}\n    # {'-' * 120}\n" for at in range(9)
    )
    begins = [code[start:].split("(")[0] for start, _ in split_passages(code)]
    assert all(begin.startswith("def number_") for begin in begins)
