"""The archive of conversations: everything is stored once."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_claude_proxy.sessions.fit_state import ConversationKey
from ollama_claude_proxy.sessions.memory import SessionMemory
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.listing import Listing
from ollama_claude_proxy.wire.anthropic import parse_message
from support.archive import ok_message, row_counts, send, user_message
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.turn_writer import TurnWriter


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama() as ollama:
        ollama.respond = lambda _body: answer("Ok.")
        yield ollama


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "ocp" / "sessions.db"


def test_a_conversation_is_stored_once_with_its_answers(fake: FakeOllama, data: Path) -> None:
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Begin.")])
        send(proxy, [user_message("Begin."), ok_message(), user_message("Go on.")])
        marked = {"type": "text", "text": "Begin.", "cache_control": {"type": "ephemeral"}}
        send(
            proxy,
            [
                {"role": "user", "content": [marked]},
                ok_message(),
                user_message("Go on."),
                ok_message(),
                user_message("More"),
            ],
        )
    assert row_counts(data) | {"passages": 0} == {
        "conversations": 1,
        "messages": 6,
        "blocks": 4,
        "passages": 0,
        "heads": 1,
    }
    listing = Listing(Database(data))
    texts = [(message.role, message.content[0]["text"]) for message in listing.messages(1)]
    assert texts == [
        ("user", "Begin."),
        ("assistant", "Ok."),
        ("user", "Go on."),
        ("assistant", "Ok."),
        ("user", "More"),
        ("assistant", "Ok."),
    ]


def test_a_fork_shares_the_common_messages(fake: FakeOllama, data: Path) -> None:
    beginning = [user_message("Begin."), ok_message()]
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [*beginning, user_message("This way.")])
        send(proxy, [*beginning, user_message("That way.")])
        send(
            proxy,
            [*beginning, user_message("That way."), ok_message(), user_message("Go on.")],
            session="resumed",
        )
    assert row_counts(data)["messages"] == 2 + 2 + 2 + 2
    listed = Listing(Database(data)).conversations()
    assert [(conversation.session, conversation.branches) for conversation in listed] == [
        ("resumed", 1),
        ("s", 2),
    ]


def test_equal_tool_results_are_stored_once(fake: FakeOllama, data: Path) -> None:
    writer = TurnWriter(1)
    text = writer.code(40)
    with Proxy(fake.url, data=data) as proxy:
        send(
            proxy, [user_message("Read."), *writer.read("/a.py", text), *writer.read("/a.py", text)]
        )
    # the question, the call, the result, the answer; only what a call said anew is a passage
    assert row_counts(data)["blocks"] == 4


def test_a_subagent_has_its_own_conversation(fake: FakeOllama, data: Path) -> None:
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Begin.")])
        send(proxy, [user_message("Look.")], **{"x-claude-code-agent-id": "a1"})
    listed = Listing(Database(data)).conversations()
    assert {(conversation.session, conversation.agent) for conversation in listed} == {
        ("s", ""),
        ("s", "a1"),
    }


def test_the_session_id_is_also_read_from_the_metadata(fake: FakeOllama, data: Path) -> None:
    body = {"model": "claude-x", "max_tokens": 100, "messages": [user_message("Hi")]}
    body["tools"] = [{"name": "Read", "input_schema": {"type": "object"}}]
    with Proxy(fake.url, data=data) as proxy:
        for user_id in ('{"session_id": "one"}', "user_1_account__session_two", "somebody"):
            reply = proxy.client.post(
                "/v1/messages", json=body | {"metadata": {"user_id": user_id}}
            )
            assert reply.status_code == 200
    listed = Listing(Database(data)).conversations()
    assert {conversation.session for conversation in listed} == {"one", "two", ""}


def test_an_auxiliary_request_is_not_stored(fake: FakeOllama, data: Path) -> None:
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("A title?")], **{"x-claude-code-request-class": "auxiliary"})
    assert row_counts(data)["conversations"] == 0


def test_the_file_is_little_larger_than_the_text(fake: FakeOllama, data: Path) -> None:
    writer = TurnWriter(2)
    messages = [user_message("Read the standard library.")]
    sources = Path(shutil.__file__).parent
    for name in ("argparse", "ast", "shutil", "typing", "inspect", "tarfile", "socket", "ssl"):
        code = (sources / f"{name}.py").read_text("utf-8")
        for start in range(0, min(len(code), 60_000), 8000):
            messages += writer.read(f"/lib/{name}.py", code[start : start + 8000])
            messages += writer.work_turn()
    with Proxy(fake.url, data=data, num_ctx=8192) as proxy:
        for end in range(1, len(messages) + 1, 20):
            send(proxy, messages[:end])
    text = sum(len(str(message["content"])) for message in messages)
    database = sqlite3.connect(data)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    assert text > 400_000
    assert data.stat().st_size < 1.3 * text


def test_messages_without_text_are_stored(data: Path) -> None:
    key = ConversationKey("images", "images", "", "model")
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    image = parse_message("user", [{"type": "image", "source": source}])
    memory = SessionMemory(Database(data))
    memory.keep(memory.open(key, [image]))
    assert row_counts(data)["messages"] == 1
    memory.keep(memory.open(key, [image, parse_message("assistant", "Ok."), image]))
    assert row_counts(data)["messages"] == 3


def test_a_long_conversation_is_stored_in_parts(data: Path) -> None:
    key = ConversationKey("long", "long", "", "model")
    messages = [parse_message("user", f"{number} {'x' * 30_000}") for number in range(20)]
    memory = SessionMemory(Database(data))
    memory.keep(memory.open(key, messages))
    assert row_counts(data)["messages"] == 20
    assert row_counts(data)["heads"] == 1
