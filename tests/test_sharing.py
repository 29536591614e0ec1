"""What sessions share is known, counted, said and read ahead; it outlives the proxy."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.asking import READ, SYSTEM, ask, headers, next_turn, question
from support.fake_answers import Call, Done, Line, Raw, Until
from support.fake_models import library, more_models
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy

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


def test_the_head_is_read_again_behind_a_small_job_that_had_the_model_loaded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with FakeOllama(*library(), slots=1) as fake, Proxy(fake.url) as proxy:
        first = ask(proxy, question("Hi"), session="s", kind="main").json()
        fake.forget()
        title = {"messages": [{"role": "user", "content": "A title, please."}], "max_tokens": 20}
        ask(proxy, title, session="s", kind="auxiliary")
        fake.wait_for(lambda: len(fake.reads) == 3)
        assert fake.chats[-1]["options"] == {"num_ctx": 32768, "num_predict": 1}
        fake.wait_for(lambda: not proxy.app.state.services.scheduler.busy("qwen2.5-coder:7b"))
        ask(proxy, next_turn(question("Hi"), first, "Go on."), session="s", kind="main")
        _, tokens, read = fake.reads[-1]
        assert read < tokens / 10
        fake.forget()
        ask(proxy, next_turn(question("Hi"), first, "Go on."), session="s", kind="main")
        assert len(fake.reads) == 5
    told = [getattr(record, "ocp_fields", {}).get("prefix") for record in caplog.records]
    assert "model reloaded" in told


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


def test_a_conversation_keeps_the_level_of_thinking_that_it_began_with(
    fake: FakeOllama, proxy: Proxy
) -> None:
    body = question("Hi") | {"model": "qwen3.5:9b", "thinking": {"type": "adaptive"}}
    first = ask(proxy, body, session="s").json()
    after = next_turn(body, first, "Go on") | {"thinking": {"type": "disabled"}}
    ask(proxy, after, session="s")
    ask(proxy, after, session="another")
    assert [chat["think"] for chat in fake.chats] == [True, True, False]


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
