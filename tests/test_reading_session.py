"""Reading many files behind a large head: the window is cut rarely, and little is read again."""

import pytest

from support.fake_models import FakeModel
from support.fake_ollama import FakeOllama
from support.proxy import Proxy
from support.reading_session import ReadingSession, read_again_share

MODEL = "m:7b"
FILES = 30


def orphans(fake: FakeOllama) -> int:
    """Count results that do not stand behind the call that they are of."""
    pairs = (
        (one["role"], chat["messages"][at - 1]["role"])
        for chat in fake.chats
        for at, one in enumerate(chat["messages"])
    )
    return sum(role == "tool" and before not in {"assistant", "tool"} for role, before in pairs)


@pytest.mark.parametrize("user_turn_every", [0, 6])
@pytest.mark.parametrize(("window", "requests_per_cut"), [(16_384, 5), (18_000, 5), (32_768, 10)])
def test_a_session_behind_a_large_head_is_cut_rarely(
    window: int, requests_per_cut: int, user_turn_every: int
) -> None:
    model = FakeModel(MODEL, context_length=131_072)
    with FakeOllama(model, slots=1) as fake, Proxy(fake.url, num_ctx=window, model=MODEL) as proxy:
        session = ReadingSession(fake, proxy)
        turns = session.read_files(FILES, user_turn_every=user_turn_every)
    assert 9000 < turns[0].tokens < 11_500
    assert len(turns) >= requests_per_cut * sum(turn.is_cut for turn in turns)
    assert read_again_share(turns) <= 0.1
    assert sum(turn.is_cut for turn in turns) > 1
    assert max(turn.tokens for turn in turns) < window
    assert orphans(fake) == 0


def test_what_a_session_behind_a_large_head_must_not_lose() -> None:
    """The user's newest words, and the newest result: at least its beginning."""
    model = FakeModel(MODEL, context_length=131_072)
    with FakeOllama(model, slots=1) as fake, Proxy(fake.url, num_ctx=18_000, model=MODEL) as proxy:
        ReadingSession(fake, proxy, seed=2).read_files(FILES, user_turn_every=7)
    words = ""
    for chat in fake.chats:
        texts = [message["content"] for message in chat["messages"]]
        last = chat["messages"][-1]
        if last["role"] == "user" and "retry limit" in last["content"]:
            words = last["content"][:40]
        assert any(words in text for text in texts)
        if last["role"] == "tool":
            assert last["content"].startswith("     1\t")
            assert len(last["content"]) > 700
    assert words
