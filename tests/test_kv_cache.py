"""The tokens of the fake's prefix cache, and which saved prompts it loads."""

import pytest

from support.fake_cache import KvCache, tokens_of


@pytest.mark.parametrize(
    "text", ["One or  two    words, ünïcode\n\n\n\n\n  }; end_of", "a001 a002 " * 20]
)
def test_a_beginning_has_the_same_tokens_save_for_the_last(text: str) -> None:
    whole = tokens_of(text)
    assert "".join(whole) == text
    for end in range(1, len(text)):
        cut = tokens_of(text[:end])
        assert cut[:-1] == whole[: len(cut) - 1]


def test_a_saved_prompt_that_would_lose_most_of_itself_is_not_loaded() -> None:
    cache = KvCache(1)
    long, other = list("abcdefghij" * 10), list("0123456789")
    for prompt in (long, other):
        slot = cache.take(prompt)
        assert slot is not None
        slot.tokens = prompt
        cache.free(slot)
    slot = cache.take(long[:24])
    assert slot is not None
    assert slot.tokens == []
    cache.free(slot)
    assert cache.take(long[:26]) is slot
    assert len(slot.tokens) == 25
