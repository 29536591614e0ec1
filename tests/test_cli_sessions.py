"""`ocp sessions`: remembered conversations, for people and for scripts."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.command_line import run_ocp
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.long_sessions import generate_session
from support.proxy import Proxy
from support.turn_writer import Message, TurnWriter

FOLDER = "<system-reminder>\nPrimary working directory: /srv/billing\n</system-reminder>"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def proxy(home: Path) -> Iterator[Proxy]:
    with FakeOllama(*library(), *template_variants()) as fake:
        fake.respond = lambda _body: answer("It is done.")
        fake.count = lambda body: len(fake.prompt_of(body)) // 4
        data = home / ".local" / "share" / "ocp" / "sessions.db"
        with Proxy(fake.url, data=data, num_ctx=8192) as running:
            yield running


def ask(proxy: Proxy, session: str, messages: list[Message]) -> None:
    body = {"model": "x", "max_tokens": 100, "messages": messages, "tools": []}
    hints = {"x-claude-code-session-id": session, "x-claude-code-request-class": "main"}
    assert proxy.client.post("/v1/messages", json=body, headers=hints).status_code == 200


def conversation(proxy: Proxy) -> None:
    writer = TurnWriter(1)
    content = [{"type": "text", "text": FOLDER}, {"type": "text", "text": "Mend the ledger."}]
    messages: list[Message] = [{"role": "user", "content": content}]
    messages += writer.read("/srv/billing/ledger.py", "def readConfigFile(path):\n    return 1")
    ask(proxy, "abc-1", messages)


def document(home: Path, *arguments: str) -> Any:
    done = run_ocp(home, "sessions", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_without_a_file_the_list_is_empty_and_none_is_created(home: Path) -> None:
    done = run_ocp(home, "sessions")
    assert (done.returncode, done.stdout) == (0, "")
    assert "No conversation is remembered yet." in done.stderr
    assert not (home / ".local").exists()


def test_conversations_are_listed_the_newest_first(home: Path, proxy: Proxy) -> None:
    conversation(proxy)
    ask(proxy, "abc-2", [{"role": "user", "content": "Another one."}])
    listed = document(home, "list", "--json")
    first, second = listed["conversations"]
    assert (first["session"], first["title"], first["turns"]) == ("abc-2", "Another one.", 1)
    assert (second["title"], second["project"]) == ("Mend the ledger.", "/srv/billing")
    assert listed["bytes"] > 0
    lines = run_ocp(home, "sessions").stdout.splitlines()
    assert lines[0].split() == ["id", "last", "used", "turns", "model", "folder", "title"]
    assert "Mend the ledger." in lines[2]
    only = run_ocp(home, "sessions", "list", "--project", "/srv/billing").stdout.splitlines()
    assert len(only) == 2


def test_a_conversation_is_shown_with_the_part_that_the_model_saw(home: Path, proxy: Proxy) -> None:
    ask(proxy, "long", [message for step in generate_session(1, 150) for message in step.messages])
    shown = run_ocp(home, "sessions", "show", "last")
    assert shown.returncode == 0
    assert "saw: a digest instead of the messages before number" in shown.stdout
    found = document(home, "show", "long", "--json")
    visible = found["shown"]["qwen2.5-coder:7b"]
    assert visible["left_out"] > 20
    assert "Left out here" in visible["digest"]
    assert found["messages"][0]["role"] == "user"
    assert found["messages"][-1]["content"] == [{"text": "It is done.", "type": "text"}]


def test_it_is_told_why_a_turn_was_shown_what(home: Path, proxy: Proxy) -> None:
    writer = TurnWriter(3)
    messages: list[Message] = [{"role": "user", "content": "Begin."}]
    messages += writer.run("make heron", "HeronError: the wing of segment 4711 is bent")
    messages += [
        message for step in list(generate_session(1, 120))[1:] for message in step.messages
    ]
    messages += writer.talk("What was the HeronError about?", "Done.")
    ask(proxy, "long", messages)
    shown = run_ocp(home, "sessions", "show", "last", "--why").stdout
    assert "  left: messages 1 to " in shown
    assert "heron" in shown.split("  looked for: ")[1].splitlines()[0]
    loaded = next(line for line in shown.splitlines() if "segment 4711" in line)
    assert loaded.startswith("  loaded: turn 1, Bash make heron: ")
    (fit,) = document(home, "show", "last", "--why", "--json")["fits"]
    assert fit["fit"]["left_until"] > fit["fit"]["left_before"] == 1
    assert any("segment 4711" in note["text"] for note in fit["fit"]["loaded"])
    assert document(home, "show", "last", "--why", "--turn", "1", "--json")["fits"] == []
    quiet = run_ocp(home, "sessions", "show", "last", "--why", "--turn", "1")
    assert "In turn 1 nothing left the prompt" in quiet.stderr


def test_a_session_that_fits_needs_no_reasons(home: Path, proxy: Proxy) -> None:
    conversation(proxy)
    shown = run_ocp(home, "sessions", "show", "last", "--why")
    assert shown.returncode == 0
    assert "Nothing left the prompt" in shown.stderr


def test_a_message_is_found_by_the_parts_of_its_words(home: Path, proxy: Proxy) -> None:
    conversation(proxy)
    hits = document(home, "search", "config", "file", "--json")
    assert hits[0]["source"] == "Read /srv/billing/ledger.py"
    assert "readConfigFile" in hits[0]["text"]
    shown = run_ocp(home, "sessions", "search", "readConfigFile").stdout
    assert shown.startswith("[1, turn 1] Read /srv/billing/ledger.py")
    none = run_ocp(home, "sessions", "search", "unheard")
    assert (none.returncode, none.stdout) == (1, "")


def test_a_conversation_is_exported_as_the_api_has_it(home: Path, proxy: Proxy) -> None:
    conversation(proxy)
    exported = document(home, "export", "abc")["messages"]
    call, result = exported[1]["content"][0], exported[2]["content"][0]
    assert call["type"] == "tool_use"
    assert result["tool_use_id"] == call["id"]
    ask(proxy, "again", exported)
    text = run_ocp(home, "sessions", "export", "abc", "--markdown").stdout
    assert text.startswith("# Mend the ledger.\n")
    assert "## assistant, turn 1" in text


def test_a_conversation_is_deleted_permanently(home: Path, proxy: Proxy) -> None:
    conversation(proxy)
    assert document(home, "delete", "abc-1", "--json") == {"deleted": 1}
    assert document(home, "list", "--json")["conversations"] == []
    folder = home / ".local" / "share" / "ocp"
    # another process, because closing the file here would release this process's locks on it
    grep = subprocess.run(["grep", "-r", "Mend the ledger", folder], check=False)
    assert grep.returncode == 1
    again = run_ocp(home, "sessions", "delete", "abc-1")
    assert again.returncode == 2
    assert "List them with `ocp sessions list`." in again.stderr
    ask(proxy, "abc-1", [{"role": "user", "content": "The proxy goes on."}])
    assert len(document(home, "list", "--json")["conversations"]) == 1


def test_old_conversations_are_pruned(home: Path, proxy: Proxy) -> None:
    conversation(proxy)
    assert document(home, "prune", "--json") == {"deleted": 0}
    assert document(home, "prune", "--days", "0", "--json") == {"deleted": 1}


def test_every_key_of_the_lists_is_in_the_help(home: Path, proxy: Proxy) -> None:
    conversation(proxy)
    words = run_ocp(home, "sessions", "list", "--help").stdout
    listed = document(home, "list", "--json")
    keys = [*listed, *listed["conversations"][0]]
    assert [key for key in keys if key not in words] == []
