"""The tokens of the fake's prompt cache, and which saved prompts it loads."""

import pytest

from support.fake_kv_cache import KvCache, tokenize


@pytest.mark.parametrize(
    "text", ["One or  two    words, ünïcode\n\n\n\n\n  }; end_of", "a001 a002 " * 20]
)
def test_a_prefix_has_the_same_tokens_except_the_last(text: str) -> None:
    tokens = tokenize(text)
    assert "".join(tokens) == text
    for end in range(1, len(text)):
        cut = tokenize(text[:end])
        assert cut[:-1] == tokens[: len(cut) - 1]


def test_a_saved_prompt_that_would_lose_most_of_itself_is_not_loaded() -> None:
    cache = KvCache(1)
    long, other = list("abcdefghij" * 10), list("0123456789")
    for prompt in (long, other):
        slot = cache.acquire(prompt)
        assert slot is not None
        slot.tokens = prompt
        cache.release(slot)
    slot = cache.acquire(long[:24])
    assert slot is not None
    assert slot.tokens == []
    cache.release(slot)
    assert cache.acquire(long[:26]) is slot
    assert len(slot.tokens) == 25
