"""The prompt prefix that sessions share: counted, reported, prewarmed, kept over restarts."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.client_requests import (
    READ_TOOL,
    SYSTEM_PROMPT,
    first_request,
    next_turn,
    send_request,
    session_headers,
)
from support.fake_answers import Call, Done, Line, RawText, WaitFor
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy

ODD = '<tool_call>{"name":"Read",  "arguments":{"path":"/a"}}</tool_call>'


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 3
        yield ollama


@pytest.fixture
def proxy(fake: FakeOllama) -> Iterator[Proxy]:
    with Proxy(fake.url) as running:
        yield running


def test_the_parts_of_usage_add_up_to_what_ollama_counted(fake: FakeOllama, proxy: Proxy) -> None:
    body = first_request("Hi")
    first = send_request(proxy, body, session="s").json()
    assert first["usage"]["cache_read_input_tokens"] == 0
    second = send_request(proxy, next_turn(body, first, "And now?"), session="s")
    usage = second.json()["usage"]
    counted = fake.count(fake.chats[-1])
    parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert sum(usage[part] for part in parts) == counted
    assert usage["cache_read_input_tokens"] > 0.95 * counted
    same, _, of = second.headers["x-ocp-prefix"].partition("/")
    assert int(same) > 0.95 * int(of)


def test_a_reloaded_model_has_nothing_cached(fake: FakeOllama, proxy: Proxy) -> None:
    body = first_request("Hi")
    first = send_request(proxy, body).json()
    line = {"message": {"role": "assistant", "content": "Ok."}, "done": True}
    line |= {"done_reason": "stop", "prompt_eval_count": 900, "eval_count": 2}
    fake.script(answer(Line(json.dumps(line | {"load_duration": 3_000_000_000})), Done()))
    usage = send_request(proxy, next_turn(body, first, "More")).json()["usage"]
    assert (usage["cache_read_input_tokens"], usage["input_tokens"]) == (0, 900)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"system": SYSTEM_PROMPT[:3000] + "X" + SYSTEM_PROMPT[3000:]},
            "system changed at char 3,000",
        ),
        ({"tools": [READ_TOOL, READ_TOOL | {"name": "mcp__x__y"}]}, "tools changed: +mcp__x__y"),
        ({"messages": [{"role": "user", "content": "Something else"}]}, "compaction"),
    ],
    ids=["system", "tools", "messages"],
)
def test_the_reason_of_a_broken_prefix_is_reported(
    proxy: Proxy, change: dict[str, Any], reason: str
) -> None:
    native = {"model": "my-qwen-gguf:7b"}
    body = first_request("Hi") | native
    first = send_request(proxy, body, session="s").json()
    after = next_turn(body, first, "Go on")
    second = send_request(proxy, after | change, session="s")
    assert reason in second.headers["x-ocp-prefix"]


def test_a_restart_does_not_break_the_prefix(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "data" / "sessions.db"
    body = first_request("Hi")
    fake.script(answer(RawText(ODD)))
    with Proxy(fake.url, data=data) as proxy:
        first = send_request(proxy, body).json()
    prompt = fake.prompt_of(fake.chats[-1])
    with Proxy(fake.url, data=data) as proxy:
        send_request(proxy, next_turn(body, first, "It."))
    assert fake.prompt_of(fake.chats[-1]).startswith(prompt + ODD)
    assert data.stat().st_mode & 0o777 == 0o600


def test_a_broken_database_is_set_aside_and_replaced(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    data.write_bytes(b"this is no database" * 100)
    fake.script(answer(RawText(ODD)))
    with Proxy(fake.url, data=data) as proxy:
        assert send_request(proxy, first_request("Hi")).status_code == 200
    assert (tmp_path / "sessions.db.broken").read_bytes().startswith(b"this is no")
    assert sqlite3.connect(data).execute("SELECT COUNT(*) FROM turns").fetchone() == (1,)


def test_a_locked_database_does_not_fail_a_turn(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        send_request(proxy, first_request("Hi"))
        with sqlite3.connect(data, isolation_level=None) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            fake.script(answer(RawText(ODD)))
            assert send_request(proxy, first_request("Hi")).status_code == 200


def test_the_prompt_head_is_prewarmed_at_the_next_start(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        send_request(proxy, first_request("Hi"), session="s", kind="main")
    head = fake.chats[-1]["messages"][0]
    with Proxy(fake.url, data=data) as proxy:
        fake.wait_for(lambda: len(fake.chats) == 2)
        warm = fake.chats[-1]
        assert warm["messages"][0] == head
        assert warm["options"] == {"num_ctx": 32768, "num_predict": 1}
        fake.wait_for(lambda: not proxy.app.state.engine.scheduler.is_busy("qwen2.5-coder:7b"))
        usage = send_request(proxy, first_request("Another question")).json()["usage"]
    assert usage["cache_read_input_tokens"] > 10 * usage["input_tokens"]


def test_prewarming_is_cancelled_by_a_request(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        send_request(proxy, first_request("Hi"), session="s", kind="main")
    never = threading.Event()
    fake.script(answer(WaitFor(never)))
    with Proxy(fake.url, data=data) as proxy:
        fake.wait_for(lambda: len(fake.chats) == 2)
        assert send_request(proxy, first_request("Now")).status_code == 200
        fake.wait_for(lambda: fake.disconnects == 1)


def test_the_prompt_head_is_prewarmed_after_a_small_job_that_loaded_the_model(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with FakeOllama(*library(), slots=1) as fake, Proxy(fake.url) as proxy:
        first = send_request(proxy, first_request("Hi"), session="s", kind="main").json()
        fake.unload_all()
        title = {"messages": [{"role": "user", "content": "A title, please."}], "max_tokens": 20}
        send_request(proxy, title, session="s", kind="auxiliary")
        fake.wait_for(lambda: len(fake.reads) == 3)
        assert fake.chats[-1]["options"] == {"num_ctx": 32768, "num_predict": 1}
        fake.wait_for(lambda: not proxy.app.state.engine.scheduler.is_busy("qwen2.5-coder:7b"))
        send_request(
            proxy, next_turn(first_request("Hi"), first, "Go on."), session="s", kind="main"
        )
        _, tokens, read = fake.reads[-1]
        assert read < tokens / 10
        fake.unload_all()
        send_request(
            proxy, next_turn(first_request("Hi"), first, "Go on."), session="s", kind="main"
        )
        assert len(fake.reads) == 5
    reasons = [getattr(record, "ocp_fields", {}).get("prefix") for record in caplog.records]
    assert "model reloaded" in reasons


@pytest.mark.parametrize(
    ("vram_share", "settings", "window"),
    [(0.6, {}, 16384), (1.0, {}, 32768), (0.0, {}, 32768), (0.6, {"num_ctx": 32768}, 32768)],
    ids=["spills", "fits", "no card", "chosen"],
)
def test_a_window_that_does_not_fit_the_gpu_is_smaller_at_the_next_start(
    fake: FakeOllama, tmp_path: Path, vram_share: float, settings: dict[str, Any], window: int
) -> None:
    data = tmp_path / "sessions.db"
    fake.models["qwen2.5-coder:7b"].vram_share = vram_share
    vram_was_checked = lambda: any(request.path == "/api/ps" for request in fake.requests)  # noqa: E731
    with Proxy(fake.url, data=data, **settings) as proxy:
        send_request(proxy, first_request("Hi"))
        fake.wait_for(vram_was_checked)
    with Proxy(fake.url, data=data, **settings) as proxy:
        send_request(proxy, first_request("Hi"))
    windows = [chat["options"]["num_ctx"] for chat in fake.chats]
    assert (windows[0], windows[-1]) == (32768, window)


def test_the_window_configured_in_ollama_is_kept(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=0) as proxy:
        send_request(proxy, first_request("Hi"))
        assert "num_ctx" not in fake.chats[-1]["options"]
        fake.windows["qwen2.5-coder:7b"] = 5000
        send_request(proxy, first_request("Hi", max_tokens=32000))
    assert fake.chats[-1]["options"]["num_predict"] < 5000
    assert all("num_ctx" not in body["options"] for body in (*fake.renderings, *fake.chats))


def test_the_window_of_a_modelfile_is_kept(fake: FakeOllama) -> None:
    fake.add_model("own:7b", parameters="num_ctx                        8192\ntop_k 20")
    with Proxy(fake.url) as proxy:
        send_request(proxy, first_request("Hi") | {"model": "own:7b"})
    assert fake.chats[-1]["options"]["num_ctx"] == 8192


def test_counting_is_exact_for_what_ollama_has_counted(fake: FakeOllama, proxy: Proxy) -> None:
    body = first_request("Tell me about " + "words and things " * 300)
    first = send_request(proxy, body, session="s").json()
    longer = next_turn(body, first, "And more " * 50)
    counted_tokens = proxy.client.post(
        "/v1/messages/count_tokens", json=longer | {"model": "m"}, headers=session_headers("s")
    ).json()["input_tokens"]
    send_request(proxy, longer, session="s")
    true = fake.count(fake.chats[-1])
    assert 0.99 * true <= counted_tokens <= 1.03 * true


def test_the_token_ratio_is_kept_for_the_next_start(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, data=data) as proxy:
        send_request(proxy, first_request("Anything " * 700))
    body = {"model": "m", **first_request("Something " * 900)}
    with Proxy(fake.url, data=data) as proxy:
        counted_tokens = proxy.client.post("/v1/messages/count_tokens", json=body).json()[
            "input_tokens"
        ]
        send_request(proxy, body)
    true = fake.count(fake.chats[-1])
    assert 0.97 * true <= counted_tokens <= 1.06 * true


def test_a_conversation_keeps_its_first_thinking_level(fake: FakeOllama, proxy: Proxy) -> None:
    body = first_request("Hi") | {"model": "qwen3.5:9b", "thinking": {"type": "adaptive"}}
    first = send_request(proxy, body, session="s").json()
    after = next_turn(body, first, "Go on") | {"thinking": {"type": "disabled"}}
    send_request(proxy, after, session="s")
    send_request(proxy, after, session="another")
    assert [chat["think"] for chat in fake.chats] == [True, True, False]


def test_the_first_turn_is_ordered_by_what_sessions_share(fake: FakeOllama, proxy: Proxy) -> None:
    def first_turn_prompt(project: str, prompt: str) -> str:
        system = (
            f"{SYSTEM_PROMPT}\n\n# Memory\n\n"
            f"It is at `/home/u/.claude/projects/{project}/memory/`.\n"
            "```markdown\n# no heading\n```\n\n# Environment\n\nThe rest. " + "Same. " * 50
        )
        environment = (
            f"# Environment\n - Primary working directory: /home/u/{project}\n\n"
            "The following tools are there. " + "Tool. " * 100
        )
        rules = f"<system-reminder>\nContents of /home/u/{project}/CLAUDE.md\n</system-reminder>"
        body = first_request("") | {
            "system": system,
            "messages": [
                {"role": "user", "content": [text(rules), text(prompt)]},
                {"role": "system", "content": environment},
            ],
        }
        send_request(proxy, body)
        return fake.prompt_of(fake.chats[-1])

    def text(content: str) -> dict[str, Any]:
        return {"type": "text", "text": content}

    first_prompt, second_prompt = (
        first_turn_prompt("alpha", "Do it."),
        first_turn_prompt("beta", "Leave it."),
    )
    shared = next(
        index
        for index, pair in enumerate(zip(first_prompt, second_prompt, strict=False))
        if len(set(pair)) > 1
    )
    assert shared > 0.9 * len(first_prompt)
    assert (
        first_prompt.rindex("Do it.")
        > first_prompt.rindex("CLAUDE.md")
        > first_prompt.rindex("Tool. Tool.")
    )
    assert "# no heading" in first_prompt
    again = first_turn_prompt("alpha", "Something else.")
    assert again.startswith(first_prompt[: first_prompt.rindex("Do it.")])


def test_parsed_calls_count_as_the_generated_turn(fake: FakeOllama, proxy: Proxy) -> None:
    body = first_request("Hi") | {"model": "qwen3-coder:30b"}
    fake.script(answer("Sure.", Call("Read", {"file_path": "/a"})))
    first = send_request(proxy, body, session="s").json()
    second = send_request(proxy, next_turn(body, first, "It."), session="s")
    assert ";" not in second.headers["x-ocp-prefix"]
    assert second.json()["usage"]["cache_read_input_tokens"] > 0
