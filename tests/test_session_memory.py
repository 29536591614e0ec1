"""A conversation of 100,000 tokens and more on a window that holds a fraction."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.long_sessions import generate_session
from support.proxy import Proxy
from support.turn_writer import Message, TurnWriter

READ: dict[str, Any] = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}},
        "required": ["file_path"],
    },
}
HEADERS = {"x-claude-code-session-id": "s"}
TEXT = "my-qwen-gguf:7b"  # ocp shows the tools
NATIVE = "qwen2.5-coder:7b"


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 4
        ollama.respond = lambda _body: answer("Ok.")
        yield ollama


def ask(proxy: Proxy, messages: list[Message], **more: Any) -> Any:
    body = {"model": "claude-x", "max_tokens": 1000, "tools": [READ], "messages": messages}
    return proxy.client.post("/v1/messages", json=body | more, headers=HEADERS)


def whole(turns: int, seed: int = 1) -> list[Message]:
    return [message for step in generate_session(seed, turns) for message in step.messages]


def orphans(body: dict[str, Any]) -> int:
    """Count results that do not stand behind the call that they are of."""
    messages = body["messages"]
    results = [
        at
        for at, one in enumerate(messages)
        if one["role"] == "tool" or one["content"].startswith("<tool_response>")
    ]
    return sum(messages[at - 1]["role"] not in {"assistant", "tool"} for at in results)


def common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, pair in pairs if pair[0] != pair[1]), min(len(one), len(other)))


@pytest.mark.parametrize(
    ("model", "window"), [(TEXT, 8192), (TEXT, 16384), (TEXT, 32768), (NATIVE, 16384)]
)
def test_a_long_session_fits_the_window(fake: FakeOllama, model: str, window: int) -> None:
    """What is asked for is in the prompt, the prompt fits, and most of it was read before."""
    messages: list[Message] = []
    prompts: list[str] = []
    found: list[bool] = []
    kinds: set[str] = set()
    with Proxy(fake.url, num_ctx=window, model=model, embedding_model="off") as proxy:
        for step in generate_session(1, 560):
            messages += step.messages
            assert ask(proxy, messages).status_code == 200
            prompts.append(fake.prompt_of(fake.chats[-1]))
            assert "Refactor the services below /srv" in prompts[-1]
            assert orphans(fake.chats[-1]) == 0
            if step.question is not None:
                kinds.add(step.question.kind)
                parts = step.question.answer.split("\nnew_string: ")
                found.append(all(part in prompts[-1] for part in parts))
    assert sum(len(str(message)) for message in messages) // 4 > 120_000
    assert len(kinds) == 8
    assert len(found) > 60
    assert sum(found) >= 0.95 * len(found)
    assert max(map(len, prompts)) // 4 < window
    heads = [prompt.removesuffix("<|im_start|>assistant\n") for prompt in prompts]
    shared = [common(one, two) / len(one) for one, two in pairwise(heads)]
    assert sum(shared) >= 0.9 * len(shared)


def test_the_cut_does_not_move_even_after_a_restart(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    steps = list(generate_session(3, 200))
    messages = [message for step in steps[:150] for message in step.messages]
    prompts: list[str] = []
    for step in steps[150:162]:
        messages += step.messages
        with Proxy(fake.url, num_ctx=16384, data=data) as proxy:
            reply = ask(proxy, messages)
        assert "left=" in reply.headers["x-ocp-memory"]
        head = next(chat for chat in reversed(fake.chats) if len(chat["messages"]) > 2)
        prompts.append(fake.prompt_of(head).removesuffix("<|im_start|>assistant\n"))
    assert sum(later.startswith(earlier) for earlier, later in pairwise(prompts)) >= 10


def test_long_results_are_truncated_before_turns_are_left_out(fake: FakeOllama) -> None:
    writer = TurnWriter(5)
    messages: list[Message] = [{"role": "user", "content": "Read them all."}]
    for number in range(11):
        messages += writer.read(f"/srv/{number}.py", writer.code(150))
    with Proxy(fake.url, num_ctx=16384, model=TEXT) as proxy:
        reply = ask(proxy, messages)
    assert reply.headers["x-ocp-memory"].startswith("left=0 shortened=")
    prompt = fake.prompt_of(fake.chats[-1])
    assert "characters are left out here" in prompt
    last = messages[-1]["content"][0]["content"]
    assert last.strip() in prompt


def test_turns_that_are_left_out_are_listed_in_a_digest(fake: FakeOllama) -> None:
    writer = TurnWriter(6)
    messages: list[Message] = [{"role": "user", "content": "Make it right."}]
    messages += writer.talk("Use files.", "I decided for files, because a lock is slow.")
    messages += writer.edit("/srv/first.py", "a = 1", "a = 2")
    messages += writer.run("make first", "FooError: it broke")
    for _ in range(60):
        messages += writer.work_turn()
    with Proxy(fake.url, num_ctx=8192, model=TEXT) as proxy:
        ask(proxy, messages)
    turns = (one for one in fake.chats[-1]["messages"] if one["role"] != "system")
    first, second = next(turns), next(turns)
    opening = first["content"]
    assert opening.index("Make it right.") < opening.index("Left out here")
    for words in ("Use files.", "I decided for files", "FooError: it broke"):
        assert words in opening
    assert second["role"] == "assistant"


def test_a_tool_found_in_a_turn_that_is_left_out_can_still_be_called(fake: FakeOllama) -> None:
    late = {**READ, "name": "Deploy", "description": "Deploys it all.", "defer_loading": True}
    writer = TurnWriter(7)
    messages: list[Message] = [{"role": "user", "content": "Begin."}]
    messages += writer.call("", "ToolSearch", {"query": "deploy"}, "")
    reference = {"type": "tool_reference", "tool_name": "Deploy"}
    messages[-1]["content"][0]["content"] = [reference]
    for _ in range(80):
        messages += writer.work_turn()
    with Proxy(fake.url, num_ctx=8192, model=TEXT) as proxy:
        reply = ask(proxy, messages, tools=[READ, late])
    assert "left=0" not in reply.headers["x-ocp-memory"]
    assert "Deploys it all." in fake.prompt_of(fake.chats[-1])


def test_a_result_larger_than_the_window_is_truncated(fake: FakeOllama) -> None:
    writer = TurnWriter(8)
    messages = [{"role": "user", "content": "Read it."}, *writer.read("/srv/a", writer.code(900))]
    with Proxy(fake.url, num_ctx=8192, model=TEXT) as proxy:
        reply = ask(proxy, messages)
    assert reply.status_code == 200
    assert "shortened=1" in reply.headers["x-ocp-memory"]
    assert len(fake.prompt_of(fake.chats[-1])) // 4 < 8192


def test_the_model_summarizes_turns_that_are_left_out_if_configured(fake: FakeOllama) -> None:
    summary = "In short: they refactor, and the heron has priority."

    def is_summary(body: dict[str, Any]) -> bool:
        return bool(body["messages"][-1]["content"].endswith("Sum that up."))

    fake.respond = lambda body: answer(summary if is_summary(body) else "Ok.")
    messages = whole(120)
    with Proxy(fake.url, num_ctx=8192, model=TEXT, summarize="model") as proxy:
        ask(proxy, messages)
        opening = fake.chats[0]["messages"][:2]
        fake.wait_for(lambda: any(map(is_summary, fake.chats)))
        asked = next(filter(is_summary, fake.chats))["messages"][-1]["content"]
        busy = proxy.app.state.engine.scheduler.is_busy
        fake.wait_for(lambda: not busy(TEXT))
        ask(proxy, messages)
        assert fake.chats[-1]["messages"][:2] == opening
        for step in list(generate_session(2, 60))[1:]:
            messages += step.messages
        ask(proxy, messages)
    assert "user: " in asked
    assert summary in fake.prompt_of(fake.chats[-1])


def test_a_rewound_conversation_is_no_longer_cut(fake: FakeOllama) -> None:
    messages = whole(120)
    with Proxy(fake.url, num_ctx=8192) as proxy:
        assert "x-ocp-memory" in ask(proxy, messages).headers
        assert "x-ocp-memory" not in ask(proxy, messages[:5]).headers


def test_the_newest_version_of_a_file_is_preferred_to_older_ones(fake: FakeOllama) -> None:
    writer = TurnWriter(12)
    messages: list[Message] = [{"role": "user", "content": "Begin."}]
    for version in range(30):
        tail = "".join(f"    step_{number} = wing(heron, {number})\n" for number in range(12))
        messages += writer.read("/srv/heron.py", f"def heron():\n    version = {version}\n{tail}")
        messages += writer.work_turn()
    for _ in range(60):
        messages += writer.work_turn()
    messages += writer.talk("Which version has heron()?", "Done.")
    with Proxy(fake.url, num_ctx=8192, model=TEXT, embedding_model="off") as proxy:
        ask(proxy, messages)
    prompt = fake.prompt_of(fake.chats[-1])
    shown = [number for number in range(30) if f"version = {number}\n" in prompt]
    assert 29 in shown
    assert len(shown) < 15


def test_compacted_messages_are_found_again(fake: FakeOllama) -> None:
    writer = TurnWriter(9)
    messages: list[Message] = [{"role": "user", "content": "Begin."}]
    messages += writer.run("make heron", "HeronError: the wing of segment 4711 is bent")
    with Proxy(fake.url, num_ctx=8192, model=TEXT) as proxy:
        ask(proxy, messages)
        after: list[Message] = [{"role": "user", "content": "Summary: we worked. Go on."}]
        for _ in range(60):
            after += writer.work_turn()
        after += writer.talk("What was the HeronError about?", "Done.")
        ask(proxy, after)
    assert "segment 4711 is bent" in fake.prompt_of(fake.chats[-1])


@pytest.mark.parametrize(("recall", "found"), [("project", True), ("session", False)])
def test_other_sessions_of_the_project_are_searched_if_configured(
    fake: FakeOllama, recall: str, *, found: bool
) -> None:
    writer = TurnWriter(10)
    place = {"role": "user", "content": "<system-reminder>\nPrimary working directory: /srv/a\n"}
    first = [place, *writer.run("make heron", "HeronError: the wing of segment 4711 is bent")]
    with Proxy(fake.url, num_ctx=8192, model=TEXT, recall=recall) as proxy:
        ask(proxy, first)
        body = {"model": "x", "max_tokens": 100, "messages": [place], "tools": [READ]}
        words = [*writer.work_turn(), *writer.talk("What was the HeronError?", "Hm.")]
        body["messages"] = [place, *words]
        headers = {"x-claude-code-session-id": "another"}
        assert proxy.client.post("/v1/messages", json=body, headers=headers).status_code == 200
    assert ("segment 4711 is bent" in fake.prompt_of(fake.chats[-1])) is found


def test_nothing_is_searched_if_recall_is_off(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=8192, recall="off") as proxy:
        reply = ask(proxy, whole(150))
    assert reply.headers["x-ocp-memory"].endswith("loaded=0")


def test_with_memory_off_a_prompt_that_is_too_long_is_refused(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=8192, memory="off") as proxy:
        reply = ask(proxy, whole(150))
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith("prompt is too long: ")


@pytest.mark.parametrize("block", [{"type": ["x"]}, {"text": "x"}, {"type": "text", "text": 3}])
def test_a_malformed_block_is_refused_even_in_a_long_conversation(
    fake: FakeOllama, block: dict[str, Any]
) -> None:
    messages = whole(150)
    with Proxy(fake.url, num_ctx=8192) as proxy:
        assert ask(proxy, messages).status_code == 200
        messages += [{"role": "assistant", "content": "Ok."}, {"role": "user", "content": [block]}]
        reply = ask(proxy, messages)
    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "invalid_request_error"


def test_private_mode_writes_nothing_to_disk(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    with Proxy(fake.url, num_ctx=8192, memory="private", data=data) as proxy:
        reply = ask(proxy, whole(150))
    assert "left=" in reply.headers["x-ocp-memory"]
    assert list(tmp_path.iterdir()) == []


def test_a_request_that_cannot_be_cut_to_fit_is_refused_with_its_size(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=8192) as proxy:
        reply = ask(proxy, [{"role": "user", "content": "Hi"}], system="word " * 20_000)
    assert reply.status_code == 400
    assert "> 8191 maximum" in reply.json()["error"]["message"]
