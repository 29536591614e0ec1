"""Old conversations are deleted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.listing import Listing
from ollama_claude_proxy.sessions.storage.pruning import Pruning
from support.archive import row_counts, send, user_message
from support.fake_ollama import FakeOllama, RawText, answer
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


def test_old_conversations_are_deleted_completely(fake: FakeOllama, data: Path) -> None:
    writer = TurnWriter(4)
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Old."), *writer.read("/old.py", writer.code(50))], session="old")
        send(proxy, [user_message("New."), *writer.read("/new.py", writer.code(50))], session="new")
    database = Database(data)
    database.write("UPDATE conversations SET used = used - 100 * 86400 WHERE session = 'old'")
    remaining = row_counts(data)
    database.close()
    with Proxy(fake.url, data=data):
        pass  # it prunes when it starts
    now = row_counts(data)
    assert now["conversations"] == 1
    assert now["messages"] == remaining["messages"] / 2
    assert now["blocks"] < remaining["blocks"]
    listing = Listing(Database(data))
    assert not listing.search("old", 10)
    assert listing.search("new", 10)


def test_deleting_a_conversation_deletes_its_generated_turns(fake: FakeOllama, data: Path) -> None:
    call = '<tool_call>{"name":"Read",  "arguments":{"path":"/a"}}</tool_call>'
    fake.script(answer(RawText(call)), answer(RawText(f"So:\n{call}")))
    tools = [{"name": "Read", "input_schema": {"type": "object"}}]
    with Proxy(fake.url, data=data) as proxy:
        for text in ("Once.", "Twice."):
            body = {
                "model": "x",
                "max_tokens": 100,
                "messages": [user_message(text)],
                "tools": tools,
            }
            assert proxy.client.post("/v1/messages", json=body).status_code == 200
    database = Database(data)
    query = "SELECT COUNT(*) FROM turns"
    assert database.rows(query) == [(2,)]
    assert Pruning(database).delete([1, 2]) == 2
    assert database.rows(query) == [(0,)]


def test_the_oldest_conversations_are_deleted_above_the_size_limit(
    fake: FakeOllama, data: Path
) -> None:
    writer = TurnWriter(5)
    with Proxy(fake.url, data=data) as proxy:
        for number in range(6):
            text = writer.code(900)
            send(
                proxy, [user_message(f"{number}"), *writer.read("/a.py", text)], session=f"{number}"
            )
    database = Database(data)
    pruning = Pruning(database)
    max_bytes = pruning.size // 2
    before = data.stat().st_size
    assert pruning.prune(90, max_bytes) >= 2
    assert pruning.size <= max_bytes
    pruning.shrink()
    database.close()
    assert data.stat().st_size < before
    assert "5" in {conversation.session for conversation in Listing(Database(data)).conversations()}
