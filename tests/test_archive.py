"""What is kept of conversations: each thing once, whatever happens to the file."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.listing import Listing
from ollama_claude_proxy.sessions.storage.pruning import Pruning
from support.fake_ollama import FakeOllama, Raw, answer
from support.long_sessions import Message, Writer
from support.proxy import Proxy

OLD = """
CREATE TABLE turns (key TEXT PRIMARY KEY, raw TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE facts (kind TEXT, model TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, model))
    WITHOUT ROWID;
INSERT INTO turns VALUES ('toolu_1', 'as it was written', 1);
INSERT INTO facts VALUES ('boundary', 'm s', '{}'), ('head', 'm', '[]');
PRAGMA user_version = 1;
"""


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama() as ollama:
        ollama.respond = lambda _body: answer("Ok.")
        yield ollama


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "ocp" / "sessions.db"


def ask(proxy: Proxy, messages: list[Message], session: str = "s", **headers: str) -> Any:
    body = {"model": "claude-x", "max_tokens": 100, "messages": messages, "tools": []}
    hints = {"x-claude-code-session-id": session, "x-claude-code-request-class": "main"}
    reply = proxy.client.post("/v1/messages", json=body, headers=hints | headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def ok() -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": "Ok."}]}


def counts(data: Path) -> dict[str, int]:
    database = sqlite3.connect(data)
    names = ("conversations", "messages", "blocks", "passages", "heads")
    rows = {name: database.execute(f"SELECT COUNT(*) FROM {name}").fetchone() for name in names}
    database.close()
    return {name: row[0] for name, row in rows.items()}


def test_a_conversation_is_kept_with_its_answers_once(fake: FakeOllama, data: Path) -> None:
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Begin.")])
        ask(proxy, [user("Begin."), ok(), user("Go on.")])
        marked = {"type": "text", "text": "Begin.", "cache_control": {"type": "ephemeral"}}
        ask(
            proxy, [{"role": "user", "content": [marked]}, ok(), user("Go on."), ok(), user("More")]
        )
    assert counts(data) | {"passages": 0} == {
        "conversations": 1,
        "messages": 6,
        "blocks": 4,
        "passages": 0,
        "heads": 1,
    }
    listing = Listing(Database(data))
    said = [(one.role, one.content[0]["text"]) for one in listing.messages(1)]
    assert said == [
        ("user", "Begin."),
        ("assistant", "Ok."),
        ("user", "Go on."),
        ("assistant", "Ok."),
        ("user", "More"),
        ("assistant", "Ok."),
    ]


def test_a_fork_shares_what_it_has_in_common(fake: FakeOllama, data: Path) -> None:
    begun = [user("Begin."), ok()]
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [*begun, user("This way.")])
        ask(proxy, [*begun, user("That way.")])
        ask(proxy, [*begun, user("That way."), ok(), user("Go on.")], session="resumed")
    assert counts(data)["messages"] == 2 + 2 + 2 + 2
    listed = Listing(Database(data)).conversations()
    assert [(one.session, one.branches) for one in listed] == [("resumed", 1), ("s", 2)]


def test_equal_results_are_kept_once(fake: FakeOllama, data: Path) -> None:
    writer = Writer(1)
    text = writer.code(40)
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Read."), *writer.read("/a.py", text), *writer.read("/a.py", text)])
    # the question, the call, the result, the answer; only what a call said anew is a passage
    assert counts(data)["blocks"] == 4


def test_an_agent_has_a_conversation_of_its_own(fake: FakeOllama, data: Path) -> None:
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Begin.")])
        ask(proxy, [user("Look.")], **{"x-claude-code-agent-id": "a1"})
    listed = Listing(Database(data)).conversations()
    assert {(one.session, one.agent) for one in listed} == {("s", ""), ("s", "a1")}


def test_a_session_is_also_read_from_the_metadata(fake: FakeOllama, data: Path) -> None:
    body = {"model": "claude-x", "max_tokens": 100, "messages": [user("Hi")]}
    body["tools"] = [{"name": "Read", "input_schema": {"type": "object"}}]
    with Proxy(fake.url, data=data) as proxy:
        for said in ('{"session_id": "one"}', "user_1_account__session_two", "somebody"):
            reply = proxy.client.post("/v1/messages", json=body | {"metadata": {"user_id": said}})
            assert reply.status_code == 200
    listed = Listing(Database(data)).conversations()
    assert {one.session for one in listed} == {"one", "two", ""}


def test_a_request_on_the_side_is_not_kept(fake: FakeOllama, data: Path) -> None:
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("A title?")], **{"x-claude-code-request-class": "auxiliary"})
    assert counts(data)["conversations"] == 0


def test_the_file_is_little_larger_than_the_text(fake: FakeOllama, data: Path) -> None:
    writer = Writer(2)
    messages = [user("Read the standard library.")]
    sources = Path(shutil.__file__).parent
    for name in ("argparse", "ast", "shutil", "typing", "inspect", "tarfile", "socket", "ssl"):
        code = (sources / f"{name}.py").read_text("utf-8")
        for start in range(0, min(len(code), 60_000), 8000):
            messages += writer.read(f"/lib/{name}.py", code[start : start + 8000])
            messages += writer.filler()
    with Proxy(fake.url, data=data, num_ctx=8192) as proxy:
        for end in range(1, len(messages) + 1, 20):
            ask(proxy, messages[:end])
    text = sum(len(str(one["content"])) for one in messages)
    database = sqlite3.connect(data)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    assert text > 400_000
    assert data.stat().st_size < 1.3 * text


def test_the_file_is_for_its_owner_only(fake: FakeOllama, data: Path) -> None:
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Begin.")])
        assert all(path.stat().st_mode & 0o077 == 0 for path in data.parent.iterdir())


def test_an_older_file_is_brought_up_to_date(fake: FakeOllama, data: Path) -> None:
    data.parent.mkdir()
    old = sqlite3.connect(data)
    old.executescript(OLD)
    old.close()
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Begin.")])
    database = Database(data)
    assert database.rows("SELECT raw FROM turns") == [("as it was written",)]
    assert database.rows("PRAGMA user_version") == [(2,)]
    assert counts(data)["messages"] == 2


def test_a_newer_file_is_left_alone(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data.parent.mkdir()
    newer = sqlite3.connect(data)
    newer.executescript("CREATE TABLE later (one); PRAGMA user_version = 99;")
    newer.close()
    before = data.read_bytes()
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Begin.")])
    assert data.read_bytes() == before
    assert "newer ocp" in caplog.text


def test_a_locked_file_costs_no_turn(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Begin.")])
        other = sqlite3.connect(data, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        ask(proxy, [user("Begin."), ok(), user("Meanwhile.")])
        assert "locked" in caplog.text
        other.execute("ROLLBACK")
        other.close()
        ask(proxy, [user("Begin."), ok(), user("Meanwhile."), ok(), user("And then.")])
    assert counts(data)["messages"] == 6


def test_a_full_disk_costs_no_turn(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Begin.")])
        limited = proxy.app.state.services.database
        pages = limited.rows("PRAGMA page_count")[0][0]
        limited.rows(f"PRAGMA max_page_count = {pages}")
        long = "\n".join(Writer(3).code(500).splitlines())
        ask(proxy, [user("Begin."), ok(), user(long)])
        assert "full" in caplog.text
        limited.rows("PRAGMA max_page_count = 100000")
        ask(proxy, [user("Begin."), ok(), user(long), ok(), user("And then.")])
    assert counts(data)["messages"] == 6


def test_a_file_that_breaks_while_it_is_used_is_set_aside(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Begin.")])
    whole = data.read_bytes()
    data.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with Proxy(fake.url, data=data) as proxy:
        for number in range(3):
            ask(proxy, [user(f"Another {number}.")], session=f"{number}")
    assert "set aside" in caplog.text
    assert data.with_name("sessions.db.broken").exists()
    assert counts(data)["messages"] >= 2


def test_old_conversations_go_and_leave_nothing_behind(fake: FakeOllama, data: Path) -> None:
    writer = Writer(4)
    with Proxy(fake.url, data=data) as proxy:
        ask(proxy, [user("Old."), *writer.read("/old.py", writer.code(50))], session="old")
        ask(proxy, [user("New."), *writer.read("/new.py", writer.code(50))], session="new")
    database = Database(data)
    database.write("UPDATE conversations SET used = used - 100 * 86400 WHERE session = 'old'")
    left = counts(data)
    database.close()
    with Proxy(fake.url, data=data):
        pass  # it prunes when it starts
    now = counts(data)
    assert now["conversations"] == 1
    assert now["messages"] == left["messages"] / 2
    assert now["blocks"] < left["blocks"]
    listing = Listing(Database(data))
    assert not listing.search("old", 10)
    assert listing.search("new", 10)


def test_with_a_conversation_its_turns_go_as_the_model_wrote_them(
    fake: FakeOllama, data: Path
) -> None:
    call = '<tool_call>{"name":"Read",  "arguments":{"path":"/a"}}</tool_call>'
    fake.script(answer(Raw(call)), answer(Raw(f"So:\n{call}")))
    tools = [{"name": "Read", "input_schema": {"type": "object"}}]
    with Proxy(fake.url, data=data) as proxy:
        for words in ("Once.", "Twice."):
            body = {"model": "x", "max_tokens": 100, "messages": [user(words)], "tools": tools}
            assert proxy.client.post("/v1/messages", json=body).status_code == 200
    database = Database(data)
    kept = "SELECT COUNT(*) FROM turns"
    assert database.rows(kept) == [(2,)]
    assert Pruning(database).delete([1, 2]) == 2
    assert database.rows(kept) == [(0,)]


def test_the_oldest_go_where_there_is_too_much(fake: FakeOllama, data: Path) -> None:
    writer = Writer(5)
    with Proxy(fake.url, data=data) as proxy:
        for number in range(6):
            text = writer.code(900)
            ask(proxy, [user(f"{number}"), *writer.read("/a.py", text)], session=f"{number}")
    database = Database(data)
    pruning = Pruning(database)
    most = pruning.size // 2
    before = data.stat().st_size
    assert pruning.prune(90, most) >= 2
    assert pruning.size <= most
    pruning.shrink()
    database.close()
    assert data.stat().st_size < before
    assert "5" in {one.session for one in Listing(Database(data)).conversations()}


def test_what_cannot_be_read_any_more_costs_no_turn(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = Writer(6)
    messages = [user("Begin."), *(one for _ in range(90) for one in writer.filler())]
    with Proxy(fake.url, data=data, num_ctx=8192) as proxy:
        ask(proxy, messages)
        proxy.app.state.services.database.write("UPDATE blocks SET body = x'ffff'")
        ask(proxy, [*messages, ok(), user("Which value has the config of the ledger?")])
    assert "goes on without" in caplog.text
