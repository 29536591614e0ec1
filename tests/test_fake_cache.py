"""The fake's prefix cache keeps and loses what a real Ollama 0.32.15 kept and lost."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_cache import tokens_of
from support.fake_ollama import Call, FakeOllama, Raw, Until, answer
from support.raw_client import RawClient

MODEL = "qwen2.5-coder:7b"


def words(tag: str, tokens: int) -> str:
    """Give a text of so many tokens that only an equal tag repeats."""
    return " ".join(f"{tag}{number % 1000:03}" for number in range(tokens))


def chat(system: str, *turns: str) -> dict[str, Any]:
    """Give a body whose turns are the user's and the model's by turns."""
    told = [
        {"role": "assistant" if place % 2 else "user", "content": text}
        for place, text in enumerate(turns)
    ]
    messages = [{"role": "system", "content": system}, *told]
    return {"model": MODEL, "messages": messages, "options": {"num_ctx": 32768}}


HEAD = words("a", 6000)
TURNS = [words(tag, 1000) for tag in "bcdefghijklmnop"]
MAIN = chat(HEAD, *TURNS)
FLUSH = chat("Say ok.", "ok")
DISSIMILAR = chat(words("x", 5000), "What?")
SAME_HEAD = chat(HEAD, words("y", 30))
SEVEN_TURNS = chat(HEAD, *TURNS[:7], "Sum that up", "I will.", "Do so.")
TWELVE_TURNS = chat(HEAD, *TURNS[:12], "Do so.")


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(slots=1) as ollama:
        yield ollama


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[RawClient]:
    with RawClient(fake.url) as connection:
        yield connection


def ask(client: RawClient, body: dict[str, Any]) -> dict[str, Any]:
    """Ask, and give the last line."""
    reply = client.ask("POST", "/api/chat", body)
    assert reply.status == 200, reply.body
    line: dict[str, Any] = json.loads(reply.body.splitlines()[-1])
    return line


def cached(fake: FakeOllama) -> int:
    """Give the tokens of the last prompt that were in the cache."""
    _, prompt, read = fake.reads[-1]
    return prompt - read


# What ran in between, and whose common beginning with the main conversation is left of it.
BETWEEN: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "nothing": ([], MAIN),
    "a dissimilar one": ([DISSIMILAR], MAIN),
    "a short dissimilar one": ([FLUSH], MAIN),
    "the same head": ([SAME_HEAD], SAME_HEAD),
    "the same head, then a dissimilar one": ([SAME_HEAD, FLUSH], MAIN),
    "half of the turns": ([SEVEN_TURNS], SEVEN_TURNS),
    "half of the turns, then a dissimilar one": ([SEVEN_TURNS, FLUSH], SEVEN_TURNS),
    "most of the turns": ([TWELVE_TURNS], TWELVE_TURNS),
    "four others": ([chat(words(tag, 9000), "Hi") for tag in "qrst"], MAIN),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_the_main_conversation_finds_what_a_real_one_found(
    fake: FakeOllama, client: RawClient, name: str
) -> None:
    between, left = BETWEEN[name]
    for body in [MAIN, *between, MAIN]:
        ask(client, body)
    same, tokens = fake.shared(MAIN, left)
    assert cached(fake) == min(same, tokens - 1)
    assert 20_000 < tokens < 22_000


def test_two_slots_do_not_help_against_the_same_head() -> None:
    with FakeOllama(slots=2) as fake, RawClient(fake.url) as client:
        for body in (MAIN, SAME_HEAD, MAIN):
            ask(client, body)
        assert cached(fake) == fake.shared(MAIN, SAME_HEAD)[0]


def test_a_dissimilar_request_takes_the_empty_slot() -> None:
    with FakeOllama(slots=2, ram_tokens=0) as fake, RawClient(fake.url) as client:
        for body in (MAIN, DISSIMILAR, MAIN):
            ask(client, body)
        assert cached(fake) == fake.shared(MAIN, MAIN)[0] - 1


def test_the_memory_drops_the_oldest() -> None:
    with FakeOllama(slots=1, ram_tokens=25_000) as fake, RawClient(fake.url) as client:
        others = [chat(words(tag, 9000), "Hi") for tag in "qr"]
        for body in [MAIN, *others, MAIN]:
            ask(client, body)
        assert cached(fake) < 20


def test_the_next_turn_reads_only_what_is_new(fake: FakeOllama, client: RawClient) -> None:
    fake.script(answer("All", " of it."))
    before = chat(HEAD, "What is there?")
    after = chat(HEAD, "What is there?", "All of it.", "Go on.")
    said = ask(client, before)
    line = ask(client, after)
    (_, first, all_of_it), (_, second, read) = fake.reads
    assert (first, all_of_it) == (said["prompt_eval_count"], first)
    assert line["prompt_eval_count"] == second
    assert 0 < read < second - first


def test_a_call_stays_in_the_slot_as_the_model_wrote_it(
    fake: FakeOllama, client: RawClient
) -> None:
    raw = '<tool_call>\n{"name": "Read", "arguments": {"path": "/a"}}\n</tool_call>'
    tools = [{"type": "function", "function": {"name": "Read", "parameters": {"properties": {}}}}]
    fake.script(answer(Call("Read", {"path": "/a"})))
    before = chat(HEAD, "Read it.") | {"tools": tools}
    ask(client, before)
    ask(client, chat(HEAD, "Read it.", raw, "Go on.") | {"tools": tools})
    assert cached(fake) > fake.reads[0][1] + len(tokens_of(raw)) - 2


def test_an_image_is_a_thousand_tokens_where_it_stands(fake: FakeOllama, client: RawClient) -> None:
    seen = {"model": "qwen3.5:9b", "options": {"num_ctx": 32768}}
    picture = {"role": "user", "content": "Look.", "images": ["aGk="]}
    without = [{"role": "user", "content": "Look."}]
    more = [picture, {"role": "assistant", "content": "A cat."}, {"role": "user", "content": "Yes"}]
    other = [picture | {"images": ["aG8="]}]
    for messages in ([picture], more):
        ask(client, seen | {"messages": messages})
    bare = fake.shared(seen | {"messages": without}, seen | {"messages": without})[1]
    assert fake.reads[0][1] == bare + 1000
    assert cached(fake) > 1000
    assert fake.shared(seen | {"messages": other}, seen | {"messages": more})[0] < bare


def test_what_a_rendering_asks_for_touches_no_slot(fake: FakeOllama, client: RawClient) -> None:
    ask(client, MAIN)
    client.ask("POST", "/api/chat", DISSIMILAR | {"_debug_render_only": True})
    ask(client, MAIN)
    assert (len(fake.reads), fake.reads[-1][2]) == (2, 1)


FORGETS: dict[str, list[dict[str, Any]]] = {
    "another window": [FLUSH | {"options": {"num_ctx": 8192}}],
    "another shift": [FLUSH | {"shift": False}],
    "an answer that is to be the last": [FLUSH | {"keep_alive": 0}],
    "unloading": [{"model": MODEL, "keep_alive": 0}],
    "a rendering in another window": [
        FLUSH | {"options": {"num_ctx": 8192}, "_debug_render_only": True}
    ],
}


@pytest.mark.parametrize("name", FORGETS)
def test_a_load_forgets_everything(fake: FakeOllama, client: RawClient, name: str) -> None:
    ask(client, MAIN)
    for body in FORGETS[name]:
        client.ask("POST", "/api/chat", body)
    loaded, warm = ask(client, MAIN), ask(client, MAIN)
    assert loaded["load_duration"] >= 1e9 > warm["load_duration"]
    assert fake.reads[-2][1] == fake.reads[-2][2]


def test_a_stop_forgets_everything(fake: FakeOllama, client: RawClient) -> None:
    ask(client, MAIN)
    fake.stop()
    fake.start()
    with RawClient(fake.url) as again:
        ask(again, MAIN)
    assert cached(fake) == 0


@pytest.mark.parametrize("only_one_fits", [True, False])
def test_another_model_pushes_this_one_out_where_only_one_fits(
    fake: FakeOllama, client: RawClient, *, only_one_fits: bool
) -> None:
    fake.only_one_fits = only_one_fits
    for body in (MAIN, FLUSH | {"model": "smollm2:135m"}, MAIN):
        ask(client, body)
    assert (cached(fake) == 0) == only_one_fits
    assert len(fake.loaded) == (1 if only_one_fits else 2)


def test_a_request_waits_in_silence_until_the_slot_is_free(
    fake: FakeOllama, client: RawClient
) -> None:
    done = threading.Event()
    fake.script(answer("First", Until(done)), answer("Second"))
    with RawClient(fake.url) as waiting, RawClient(fake.url) as dropped:
        client.send("POST", "/api/chat", MAIN)
        client.read_head()
        dropped.send("POST", "/api/chat", DISSIMILAR)
        fake.wait_for(lambda: len(fake.chats) == 2)
        waiting.send("POST", "/api/chat", FLUSH)
        fake.wait_for(lambda: len(fake.chats) == 3)
        dropped.close()
        fake.wait_for(lambda: fake.disconnects == 1)
        assert len(fake.reads) == 1
        done.set()
        assert b'"content":"Second"' in waiting.read().body
    assert [tokens for _, tokens, _ in fake.reads] == [
        fake.shared(body, body)[1] for body in (MAIN, FLUSH)
    ]


def test_two_slots_run_two_at_once() -> None:
    done = threading.Event()
    with FakeOllama(slots=2) as fake, RawClient(fake.url) as one, RawClient(fake.url) as other:
        fake.script(answer("First", Until(done)), answer("Second"))
        one.send("POST", "/api/chat", MAIN)
        one.read_head()
        assert b'"content":"Second"' in other.ask("POST", "/api/chat", FLUSH).body
        done.set()


def test_a_load_waits_for_what_runs_and_is_overtaken(fake: FakeOllama, client: RawClient) -> None:
    done = threading.Event()
    fake.script(answer("First", Until(done)))
    with RawClient(fake.url) as other, RawClient(fake.url) as same:
        client.send("POST", "/api/chat", MAIN)
        client.read_head()
        other.send("POST", "/api/chat", FLUSH | {"options": {"num_ctx": 8192}})
        fake.wait_for(lambda: len(fake.chats) == 2)
        same.send("POST", "/api/chat", MAIN)
        fake.wait_for(lambda: len(fake.chats) == 3)
        done.set()
        other.read()
        same.read()
    (_, first, _), (_, second, read), (_, third, _) = fake.reads
    assert (second, read) == (first, 1)
    assert third < 100


def test_who_leaves_while_the_model_writes_frees_the_slot(
    fake: FakeOllama, client: RawClient
) -> None:
    fake.script(answer(Raw("Much of it"), Until(threading.Event())))
    with RawClient(fake.url) as leaving:
        leaving.send("POST", "/api/chat", MAIN)
        leaving.read_head()
    ask(client, MAIN)
    assert cached(fake) == fake.reads[-1][1] - 1


def test_what_was_read_before_the_client_left_stays(fake: FakeOllama, client: RawClient) -> None:
    fake.seconds_per_token = 5e-5
    with RawClient(fake.url) as leaving:
        leaving.send("POST", "/api/chat", MAIN)
        fake.wait_for(lambda: bool(fake.reads) and fake.reads[0][2] > 1000)
    fake.wait_for(lambda: fake.disconnects == 1)
    read = fake.reads[0][2]
    assert read % 512 == 0
    assert read < fake.reads[0][1]
    fake.seconds_per_token = 0.0
    ask(client, MAIN)
    assert cached(fake) == read


def test_the_time_told_is_that_of_the_tokens_read(fake: FakeOllama, client: RawClient) -> None:
    first, second = ask(client, MAIN), ask(client, MAIN)
    assert first["prompt_eval_duration"] == first["prompt_eval_count"] * 1_000_000
    assert second["prompt_eval_duration"] == 1_000_000
    assert second["prompt_eval_count"] == first["prompt_eval_count"]
    fake.seconds_per_token = 1e-5
    short = ask(client, FLUSH)
    assert short["prompt_eval_duration"] == pytest.approx(fake.reads[-1][2] * 1e4, abs=1)


def test_a_prompt_has_to_leave_one_token_of_the_window(client: RawClient, fake: FakeOllama) -> None:
    tokens = fake.shared(FLUSH, FLUSH)[1]
    exact = FLUSH | {"options": {"num_ctx": tokens + 1}, "truncate": False}
    ask(client, exact)
    reply = client.ask("POST", "/api/chat", exact | {"options": {"num_ctx": tokens}})
    told = json.loads(json.loads(reply.body)["error"])["error"]
    assert (reply.status, told["n_prompt_tokens"], told["n_ctx"]) == (400, tokens, tokens)
    assert len(fake.reads) == 1
