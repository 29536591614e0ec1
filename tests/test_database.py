"""The database file: its permissions and versions; locked, full and broken ones."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.schema import MIGRATIONS
from support.archive import ok_message, row_counts, send, user_message
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.turn_writer import TurnWriter

OLD_SCHEMA = """
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


def test_only_the_owner_can_access_the_file(fake: FakeOllama, data: Path) -> None:
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Begin.")])
        assert all(path.stat().st_mode & 0o077 == 0 for path in data.parent.iterdir())


def test_an_older_database_is_migrated(fake: FakeOllama, data: Path) -> None:
    data.parent.mkdir()
    old = sqlite3.connect(data)
    old.executescript(OLD_SCHEMA)
    old.close()
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Begin.")])
    database = Database(data)
    assert database.rows("SELECT raw FROM turns") == [("as it was written",)]
    assert database.rows("PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert row_counts(data)["messages"] == 2


def test_a_newer_database_is_not_changed(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data.parent.mkdir()
    newer = sqlite3.connect(data)
    newer.executescript("CREATE TABLE later (one); PRAGMA user_version = 99;")
    newer.close()
    before = data.read_bytes()
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Begin.")])
    assert data.read_bytes() == before
    assert "newer ocp" in caplog.text


def test_a_locked_database_does_not_fail_a_turn(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Begin.")])
        connection = sqlite3.connect(data, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        send(proxy, [user_message("Begin."), ok_message(), user_message("Meanwhile.")])
        assert "locked" in caplog.text
        connection.execute("ROLLBACK")
        connection.close()
        send(
            proxy,
            [
                user_message("Begin."),
                ok_message(),
                user_message("Meanwhile."),
                ok_message(),
                user_message("And then."),
            ],
        )
    assert row_counts(data)["messages"] == 6


def test_a_full_disk_does_not_fail_a_turn(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Begin.")])
        limited = proxy.app.state.engine.database
        pages = limited.rows("PRAGMA page_count")[0][0]
        limited.rows(f"PRAGMA max_page_count = {pages}")
        long = "\n".join(TurnWriter(3).code(500).splitlines())
        send(proxy, [user_message("Begin."), ok_message(), user_message(long)])
        assert "full" in caplog.text
        limited.rows("PRAGMA max_page_count = 100000")
        send(
            proxy,
            [
                user_message("Begin."),
                ok_message(),
                user_message(long),
                ok_message(),
                user_message("And then."),
            ],
        )
    assert row_counts(data)["messages"] == 6


def test_a_database_that_breaks_in_use_is_set_aside(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Proxy(fake.url, data=data) as proxy:
        send(proxy, [user_message("Begin.")])
    content = data.read_bytes()
    data.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with Proxy(fake.url, data=data) as proxy:
        for number in range(3):
            send(proxy, [user_message(f"Another {number}.")], session=f"{number}")
    assert "set aside" in caplog.text
    assert data.with_name("sessions.db.broken").exists()
    assert row_counts(data)["messages"] >= 2


def test_unreadable_stored_blocks_do_not_fail_a_turn(
    fake: FakeOllama, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = TurnWriter(6)
    messages = [
        user_message("Begin."),
        *(message for _ in range(90) for message in writer.work_turn()),
    ]
    with Proxy(fake.url, data=data, num_ctx=8192) as proxy:
        send(proxy, messages)
        proxy.app.state.engine.database.write("UPDATE blocks SET body = x'ffff'")
        send(
            proxy,
            [*messages, ok_message(), user_message("Which value has the config of the ledger?")],
        )
    assert "continues without it" in caplog.text
