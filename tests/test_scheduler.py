"""Many clients, one model with one slot: order, queueing, shared answers."""

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from support.client_requests import first_request, next_turn, send_request, session_headers
from support.fake_answers import WaitFor
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.stream_grammar import parse_sse


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 3
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    with Proxy(fake.url) as running:
        yield running


def has_requests(scheduler: Any, count: int) -> bool:
    return bool(scheduler.requests("qwen2.5-coder:7b") == count)


def test_main_turns_run_before_subagents_and_subagents_before_small_jobs(
    fake: FakeOllama, proxy: Proxy
) -> None:
    release = threading.Event()
    fake.script(answer(WaitFor(release), "First."))
    bodies = {name: first_request(name) for name in ("first", "small", "agent", "main")}
    kinds = {"first": "main", "small": "auxiliary", "agent": "subagent", "main": "main"}
    threads = []
    scheduler = proxy.app.state.engine.scheduler
    for count, (name, body) in enumerate(bodies.items(), 1):
        session = {"session": "s" + name, "kind": kinds[name]}
        threads.append(threading.Thread(target=send_request, args=(proxy, body), kwargs=session))
        threads[-1].start()
        fake.wait_for(partial(has_requests, scheduler, count))
    release.set()
    for thread in threads:
        thread.join()
    order = [chat["messages"][-1]["content"] for chat in fake.chats]
    assert order == ["first", "main", "agent", "small"]


def test_two_slots_run_two_requests_at_once(fake: FakeOllama) -> None:
    release = threading.Event()
    fake.script(answer(WaitFor(release), "One."), answer(WaitFor(release), "Two."))
    with Proxy(fake.url, parallel=2) as proxy:
        threads = [
            threading.Thread(
                target=send_request, args=(proxy, first_request(text)), kwargs={"session": text}
            )
            for text in ("a", "b")
        ]
        for thread in threads:
            thread.start()
        fake.wait_for(lambda: len(fake.chats) == 2)
        release.set()
        for thread in threads:
            thread.join()


def test_a_waiting_client_gets_pings_and_its_place_in_the_queue(fake: FakeOllama) -> None:
    release = threading.Event()
    fake.script(answer(WaitFor(release), "First."))
    with Proxy(fake.url, header_grace=0.05, ping_interval=0.05) as proxy:
        first = threading.Thread(target=send_request, args=(proxy, first_request("first")))
        first.start()
        fake.wait_for(lambda: len(fake.chats) == 1)
        with proxy.client.stream(
            "POST",
            "/v1/messages",
            json={"model": "m", "max_tokens": 9, "stream": True, **first_request("second")},
        ) as reply:
            pieces = reply.iter_text()
            received = ""
            while received.count("event: ping") < 3:
                received += next(pieces)
            release.set()
            received += "".join(pieces)
        first.join()
    assert ": number 1 in the queue for qwen2.5-coder:7b\n\n" in received
    events = "".join(
        f"{event}\n\n" for event in received.split("\n\n") if event and event[0] != ":"
    )
    assert parse_sse(events.encode())[-1]["type"] == "message_stop"


def test_a_repeated_request_joins_the_running_one(fake: FakeOllama, proxy: Proxy) -> None:
    release = threading.Event()
    fake.script(answer("One ", WaitFor(release), "answer."))
    replies: list[Any] = []

    def again(*, stream: bool) -> None:
        replies.append(send_request(proxy, first_request("Hi", stream=stream), session="s"))

    threads = [
        threading.Thread(target=again, kwargs={"stream": stream}) for stream in (True, False)
    ]
    threads[0].start()
    fake.wait_for(lambda: len(fake.chats) == 1)
    threads[1].start()
    fake.wait_for(lambda: proxy.app.state.engine.running.listeners == 2)
    release.set()
    for thread in threads:
        thread.join()
    assert len(fake.chats) == 1
    unstreamed = next(reply for reply in replies if "json" in reply.headers["content-type"])
    assert unstreamed.json()["content"][0]["text"] == "One answer."
    assert all(reply.status_code == 200 for reply in replies)


def test_a_generation_ends_when_its_last_listener_disconnects(
    fake: FakeOllama, proxy: Proxy
) -> None:
    never = threading.Event()
    fake.script(answer("One ", WaitFor(never)))
    body = {"model": "m", "max_tokens": 9, **first_request("Hi", stream=True)}
    send: dict[str, Any] = {"json": body, "headers": session_headers("s")}
    with proxy.client.stream("POST", "/v1/messages", **send) as first_reply:
        first = first_reply.iter_bytes()  # a stream without an iterator is closed
        next(first)
        with proxy.client.stream("POST", "/v1/messages", **send) as second_reply:
            second = second_reply.iter_bytes()
            next(second)
        assert fake.disconnects == 0
    fake.wait_for(lambda: fake.disconnects == 1)
    assert len(fake.chats) == 1


def test_two_clients_without_sessions_get_two_answers(fake: FakeOllama) -> None:
    release = threading.Event()
    fake.script(answer(WaitFor(release), "One."), answer(WaitFor(release), "Two."))
    with Proxy(fake.url, parallel=2) as proxy:
        threads = [
            threading.Thread(target=send_request, args=(proxy, first_request("same")))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        fake.wait_for(lambda: len(fake.chats) == 2)
        release.set()
        for thread in threads:
            thread.join()


def test_a_saved_conversation_is_restored_before_its_next_turn(
    fake: FakeOllama, proxy: Proxy
) -> None:
    body = first_request("Hi " * 9000)
    first = send_request(proxy, body, session="s", kind="main").json()
    send_request(proxy, first_request("A side question"), session="s", agent="a1", kind="subagent")
    send_request(proxy, next_turn(body, first, "Go on"), session="s", kind="main")
    contents = [chat["messages"][-1]["content"] for chat in fake.chats]
    assert contents[1:] == ["A side question", ".", "Go on"]
    assert fake.chats[2]["options"] == {"num_ctx": 32768, "num_predict": 1}


def test_no_restore_is_sent_if_nothing_ran_in_between(fake: FakeOllama, proxy: Proxy) -> None:
    body = first_request("Hi " * 9000)
    first = send_request(proxy, body, session="s").json()
    send_request(proxy, next_turn(body, first, "Go on"), session="s")
    assert len(fake.chats) == 2
