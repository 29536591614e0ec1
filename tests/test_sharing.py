"""What sessions share is known, counted, said and read ahead; it outlives the proxy."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.fake_answers import Call, Done, Line, Raw, Until
from support.fake_models import library, more_models
from support.fake_ollama import FakeOllama, answer
from support.grammar import parse_sse
from support.proxy import Proxy

READ: dict[str, Any] = {
    "name": "Read",
    "description": "Reads a file. " * 20,
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}},
        "required": ["file_path"],
    },
}
SYSTEM = "You are an agent. " * 400
ODD = '<tool_call>{"name":"Read",  "arguments":{"path":"/a"}}</tool_call>'


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *more_models()) as ollama:
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 3
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    with Proxy(fake.url) as running:
        yield running


def question(text: str, **more: Any) -> dict[str, Any]:
    return {
        "system": SYSTEM,
        "tools": [READ],
        "messages": [{"role": "user", "content": text}],
        **more,
    }


def headers(session: str, agent: str = "", kind: str = "") -> dict[str, str]:
    named = {
        "x-claude-code-session-id": session,
        "x-claude-code-agent-id": agent,
        "x-claude-code-request-class": kind,
    }
    return {name: value for name, value in named.items() if value}


def ask(proxy: Proxy, body: dict[str, Any], **named: str) -> Any:
    full = {"model": "claude-opus-5-5", "max_tokens": 200, **body}
    return proxy.client.post("/v1/messages", json=full, headers=headers(**named) if named else {})


def next_turn(body: dict[str, Any], message: dict[str, Any], text: str) -> dict[str, Any]:
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": call["id"], "content": text} for call in calls
    ]
    turn = {"role": "assistant", "content": message["content"]}
    return body | {
        "messages": [*body["messages"], turn, {"role": "user", "content": results or text}]
    }


def test_the_parts_of_usage_add_up_to_what_ollama_counted(fake: FakeOllama, proxy: Proxy) -> None:
    body = question("Hi")
    first = ask(proxy, body, session="s").json()
    assert first["usage"]["cache_read_input_tokens"] == 0
    second = ask(proxy, next_turn(body, first, "And now?"), session="s")
    usage = second.json()["usage"]
    counted = fake.count(fake.chats[-1])
    parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert sum(usage[part] for part in parts) == counted
    assert usage["cache_read_input_tokens"] > 0.95 * counted
    same, _, of = second.headers["x-ocp-prefix"].partition("/")
    assert int(same) > 0.95 * int(of)


def test_a_model_that_was_loaded_anew_has_nothing_cached(fake: FakeOllama, proxy: Proxy) -> None:
    body = question("Hi")
    first = ask(proxy, body).json()
    line = {"message": {"role": "assistant", "content": "Ok."}, "done": True}
    line |= {"done_reason": "stop", "prompt_eval_count": 900, "eval_count": 2}
    fake.script(answer(Line(json.dumps(line | {"load_duration": 3_000_000_000})), Done()))
    usage = ask(proxy, next_turn(body, first, "More")).json()["usage"]
    assert (usage["cache_read_input_tokens"], usage["input_tokens"]) == (0, 900)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"system": SYSTEM[:3000] + "X" + SYSTEM[3000:]}, "system changed at char 3,000"),
        ({"tools": [READ, READ | {"name": "mcp__x__y"}]}, "tools changed: +mcp__x__y"),
        ({"messages": [{"role": "user", "content": "Something else"}]}, "compaction"),
    ],
    ids=["system", "tools", "messages"],
)
def test_what_broke_the_prefix_is_said(proxy: Proxy, change: dict[str, Any], reason: str) -> None:
    native = {"model": "my-qwen-gguf:7b"}
    body = question("Hi") | native
    first = ask(proxy, body, session="s").json()
    after = next_turn(body, first, "Go on")
    second = ask(proxy, after | change, session="s")
    assert reason in second.headers["x-ocp-prefix"]


def test_a_restart_does_not_break_the_prefix(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "data" / "sessions.db"
    body = question("Hi")
    fake.script(answer(Raw(ODD)))
    with Proxy(fake.url, data=data) as proxy:
        first = ask(proxy, body).json()
    prompt = fake.prompt_of(fake.chats[-1])
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, next_turn(body, first, "It."))
    assert fake.prompt_of(fake.chats[-1]).startswith(prompt + ODD)
    assert data.stat().st_mode & 0o777 == 0o600


def test_a_store_that_is_broken_is_set_aside_and_work_goes_on(
    fake: FakeOllama, tmp_path: Path
) -> None:
    data = tmp_path / "sessions.db"
    data.write_bytes(b"this is no database" * 100)
    fake.script(answer(Raw(ODD)))
    with Proxy(fake.url, data=data) as proxy:
        assert ask(proxy, question("Hi")).status_code == 200
    assert (tmp_path / "sessions.db.broken").read_bytes().startswith(b"this is no")
    assert sqlite3.connect(data).execute("SELECT COUNT(*) FROM turns").fetchone() == (1,)


def test_a_store_that_is_locked_does_not_fail_a_turn(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, question("Hi"))
        with sqlite3.connect(data, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            fake.script(answer(Raw(ODD)))
            assert ask(proxy, question("Hi")).status_code == 200


def test_the_head_is_read_ahead_at_the_next_start(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, question("Hi"), session="s", kind="main")
    head = fake.chats[-1]["messages"][0]
    with Proxy(fake.url, data=data) as proxy:
        fake.wait_for(lambda: len(fake.chats) == 2)
        warm = fake.chats[-1]
        assert warm["messages"][0] == head
        assert warm["options"] == {"num_ctx": 32768, "num_predict": 1}
        fake.wait_for(lambda: not proxy.app.state.services.scheduler.busy("qwen2.5-coder:7b"))
        usage = ask(proxy, question("Another question")).json()["usage"]
    assert usage["cache_read_input_tokens"] > 10 * usage["input_tokens"]


def test_nothing_is_read_ahead_while_somebody_asks(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, question("Hi"), session="s", kind="main")
    never = threading.Event()
    fake.script(answer(Until(never)))
    with Proxy(fake.url, data=data) as proxy:
        fake.wait_for(lambda: len(fake.chats) == 2)
        assert ask(proxy, question("Now")).status_code == 200
        fake.wait_for(lambda: fake.disconnects == 1)


@pytest.mark.parametrize(
    ("in_card", "settings", "window"),
    [(0.6, {}, 16384), (1.0, {}, 32768), (0.0, {}, 32768), (0.6, {"num_ctx": 32768}, 32768)],
    ids=["spills", "fits", "no card", "chosen"],
)
def test_a_window_that_spills_is_smaller_at_the_next_start(
    fake: FakeOllama, tmp_path: Path, in_card: float, settings: dict[str, Any], window: int
) -> None:
    data = tmp_path / "sessions.db"
    fake.models["qwen2.5-coder:7b"].in_card = in_card
    looked = lambda: any(one.path == "/api/ps" for one in fake.requests)  # noqa: E731
    with Proxy(fake.url, data=data, **settings) as proxy:
        ask(proxy, question("Hi"))
        fake.wait_for(looked)
    with Proxy(fake.url, data=data, **settings) as proxy:
        ask(proxy, question("Hi"))
    windows = [chat["options"]["num_ctx"] for chat in fake.chats]
    assert (windows[0], windows[-1]) == (32768, window)


def test_ollamas_own_window_is_left_alone(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=0) as proxy:
        ask(proxy, question("Hi"))
        assert "num_ctx" not in fake.chats[-1]["options"]
        fake.windows["qwen2.5-coder:7b"] = 5000
        ask(proxy, question("Hi", max_tokens=32000))
    assert fake.chats[-1]["options"]["num_predict"] < 5000
    assert all("num_ctx" not in body["options"] for body in (*fake.renderings, *fake.chats))


def test_a_modelfiles_own_window_is_kept(fake: FakeOllama, proxy: Proxy) -> None:
    fake.add_model("own:7b", parameters="num_ctx                        8192\ntop_k 20")
    ask(proxy, question("Hi") | {"model": "own:7b"})
    assert fake.chats[-1]["options"]["num_ctx"] == 8192


def test_counting_is_exact_for_what_ollama_has_counted(fake: FakeOllama, proxy: Proxy) -> None:
    body = question("Tell me about " + "words and things " * 300)
    first = ask(proxy, body, session="s").json()
    longer = next_turn(body, first, "And more " * 50)
    told = proxy.client.post(
        "/v1/messages/count_tokens", json=longer | {"model": "m"}, headers=headers("s")
    ).json()["input_tokens"]
    ask(proxy, longer, session="s")
    true = fake.count(fake.chats[-1])
    assert 0.99 * true <= told <= 1.03 * true


def test_the_ratio_is_kept_for_the_next_start(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, question("Hi " * 2000))
    other = {"model": "m", **question("Something " * 900)}
    with Proxy(fake.url, data=data) as proxy:
        told = proxy.client.post("/v1/messages/count_tokens", json=other).json()["input_tokens"]
        ask(proxy, other)
    true = fake.count(fake.chats[-1])
    assert 0.97 * true <= told <= 1.06 * true


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


def test_a_conversation_keeps_the_level_of_thinking_that_it_began_with(
    fake: FakeOllama, proxy: Proxy
) -> None:
    body = question("Hi") | {"model": "qwen3.5:9b", "thinking": {"type": "adaptive"}}
    first = ask(proxy, body, session="s").json()
    after = next_turn(body, first, "Go on") | {"thinking": {"type": "disabled"}}
    ask(proxy, after, session="s")
    ask(proxy, after, session="another")
    assert [chat["think"] for chat in fake.chats] == [True, True, False]


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


def test_the_first_turn_stands_in_the_order_of_what_sessions_share(
    fake: FakeOllama, proxy: Proxy
) -> None:
    def first(project: str, prompt: str) -> str:
        system = (
            f"{SYSTEM}\n\n# Memory\n\nIt is at `/home/u/.claude/projects/{project}/memory/`.\n"
            "```markdown\n# no heading\n```\n\n# Environment\n\nThe rest. " + "Same. " * 50
        )
        environment = (
            f"# Environment\n - Primary working directory: /home/u/{project}\n\n"
            "The following tools are there. " + "Tool. " * 100
        )
        rules = f"<system-reminder>\nContents of /home/u/{project}/CLAUDE.md\n</system-reminder>"
        body = question("") | {
            "system": system,
            "messages": [
                {"role": "user", "content": [text(rules), text(prompt)]},
                {"role": "system", "content": environment},
            ],
        }
        ask(proxy, body)
        return fake.prompt_of(fake.chats[-1])

    def text(words: str) -> dict[str, Any]:
        return {"type": "text", "text": words}

    one, other = first("alpha", "Do it."), first("beta", "Leave it.")
    shared = next(at for at, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1)
    assert shared > 0.9 * len(one)
    assert one.rindex("Do it.") > one.rindex("CLAUDE.md") > one.rindex("Tool. Tool.")
    assert "# no heading" in one
    again = first("alpha", "Something else.")
    assert again.startswith(one[: one.rindex("Do it.")])


def test_calls_of_a_parser_count_as_the_models_own_turn(fake: FakeOllama, proxy: Proxy) -> None:
    body = question("Hi") | {"model": "qwen3-coder:30b"}
    fake.script(answer("Sure.", Call("Read", {"file_path": "/a"})))
    first = ask(proxy, body, session="s").json()
    second = ask(proxy, next_turn(body, first, "It."), session="s")
    assert ";" not in second.headers["x-ocp-prefix"]
    assert second.json()["usage"]["cache_read_input_tokens"] > 0
