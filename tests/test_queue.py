"""One model, one slot, and many who want it."""

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from support.asking import ask, headers, next_turn, question
from support.fake_answers import Until
from support.fake_models import library, more_models
from support.fake_ollama import FakeOllama, answer
from support.grammar import parse_sse
from support.proxy import Proxy


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *more_models()) as ollama:
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 3
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    with Proxy(fake.url) as running:
        yield running


def waiting(scheduler: Any, count: int) -> bool:
    return bool(scheduler.ahead("qwen2.5-coder:7b") == count)


def test_main_turns_go_before_subagents_and_those_before_small_jobs(
    fake: FakeOllama, proxy: Proxy
) -> None:
    hold = threading.Event()
    fake.script(answer(Until(hold), "First."))
    bodies = {name: question(name) for name in ("first", "small", "agent", "main")}
    kinds = {"first": "main", "small": "auxiliary", "agent": "subagent", "main": "main"}
    threads = []
    scheduler = proxy.app.state.services.scheduler
    for count, (name, body) in enumerate(bodies.items(), 1):
        named = {"session": "s" + name, "kind": kinds[name]}
        threads.append(threading.Thread(target=ask, args=(proxy, body), kwargs=named))
        threads[-1].start()
        fake.wait_for(partial(waiting, scheduler, count))
    hold.set()
    for thread in threads:
        thread.join()
    asked = [chat["messages"][-1]["content"] for chat in fake.chats]
    assert asked == ["first", "main", "agent", "small"]


def test_more_slots_run_side_by_side(fake: FakeOllama) -> None:
    hold = threading.Event()
    fake.script(answer(Until(hold), "One."), answer(Until(hold), "Two."))
    with Proxy(fake.url, parallel=2) as proxy:
        threads = [
            threading.Thread(target=ask, args=(proxy, question(text)), kwargs={"session": text})
            for text in ("a", "b")
        ]
        for thread in threads:
            thread.start()
        fake.wait_for(lambda: len(fake.chats) == 2)
        hold.set()
        for thread in threads:
            thread.join()


def test_who_waits_is_told_that_it_is_not_forgotten(fake: FakeOllama) -> None:
    hold = threading.Event()
    fake.script(answer(Until(hold), "First."))
    with Proxy(fake.url, header_grace=0.05, ping_interval=0.05) as proxy:
        first = threading.Thread(target=ask, args=(proxy, question("first")))
        first.start()
        fake.wait_for(lambda: len(fake.chats) == 1)
        with proxy.client.stream(
            "POST",
            "/v1/messages",
            json={"model": "m", "max_tokens": 9, "stream": True, **question("second")},
        ) as reply:
            pieces = reply.iter_text()
            seen = ""
            while seen.count("event: ping") < 3:
                seen += next(pieces)
            hold.set()
            seen += "".join(pieces)
        first.join()
    assert ": number 1 in the queue for qwen2.5-coder:7b\n\n" in seen
    events = "".join(f"{one}\n\n" for one in seen.split("\n\n") if one and one[0] != ":")
    assert parse_sse(events.encode())[-1]["type"] == "message_stop"


def test_the_same_request_again_joins_the_one_that_runs(fake: FakeOllama, proxy: Proxy) -> None:
    hold = threading.Event()
    fake.script(answer("One ", Until(hold), "answer."))
    replies: list[Any] = []

    def again(*, stream: bool) -> None:
        replies.append(ask(proxy, question("Hi", stream=stream), session="s"))

    threads = [threading.Thread(target=again, kwargs={"stream": way}) for way in (True, False)]
    threads[0].start()
    fake.wait_for(lambda: len(fake.chats) == 1)
    threads[1].start()
    fake.wait_for(lambda: len(proxy.app.state.services.running) == 2)
    hold.set()
    for thread in threads:
        thread.join()
    assert len(fake.chats) == 1
    whole = next(reply for reply in replies if "json" in reply.headers["content-type"])
    assert whole.json()["content"][0]["text"] == "One answer."
    assert all(reply.status_code == 200 for reply in replies)


def test_a_generation_ends_when_the_last_who_listens_is_gone(
    fake: FakeOllama, proxy: Proxy
) -> None:
    never = threading.Event()
    fake.script(answer("One ", Until(never)))
    body = {"model": "m", "max_tokens": 9, **question("Hi", stream=True)}
    send: dict[str, Any] = {"json": body, "headers": headers("s")}
    with proxy.client.stream("POST", "/v1/messages", **send) as one:
        first = one.iter_bytes()  # a stream without an iterator is closed
        next(first)
        with proxy.client.stream("POST", "/v1/messages", **send) as other:
            second = other.iter_bytes()
            next(second)
        assert fake.disconnects == 0
    fake.wait_for(lambda: fake.disconnects == 1)
    assert len(fake.chats) == 1


def test_two_clients_without_sessions_get_two_answers(fake: FakeOllama) -> None:
    hold = threading.Event()
    fake.script(answer(Until(hold), "One."), answer(Until(hold), "Two."))
    with Proxy(fake.url, parallel=2) as proxy:
        threads = [threading.Thread(target=ask, args=(proxy, question("same"))) for _ in range(2)]
        for thread in threads:
            thread.start()
        fake.wait_for(lambda: len(fake.chats) == 2)
        hold.set()
        for thread in threads:
            thread.join()


def test_a_conversation_that_lies_saved_is_fetched_back(fake: FakeOllama, proxy: Proxy) -> None:
    body = question("Hi " * 9000)
    first = ask(proxy, body, session="s", kind="main").json()
    ask(proxy, question("A side question"), session="s", agent="a1", kind="subagent")
    ask(proxy, next_turn(body, first, "Go on"), session="s", kind="main")
    contents = [chat["messages"][-1]["content"] for chat in fake.chats]
    assert contents[1:] == ["A side question", ".", "Go on"]
    assert fake.chats[2]["options"] == {"num_ctx": 32768, "num_predict": 1}


def test_no_flush_is_sent_where_nothing_came_between(fake: FakeOllama, proxy: Proxy) -> None:
    body = question("Hi " * 9000)
    first = ask(proxy, body, session="s").json()
    ask(proxy, next_turn(body, first, "Go on"), session="s")
    assert len(fake.chats) == 2
