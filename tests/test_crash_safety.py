"""The proxy is killed at random moments: no completed turn is lost."""

import itertools
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.sessions.storage.listing import Listing
from support.fake_ollama import FakeOllama, answer
from support.killable_proxy import KillableProxy
from support.proxy import free_port
from support.timeouts import HANG_SECONDS
from support.turn_writer import Message

KILLS = 200
TURNS_OF_A_SESSION = 12
# A life of the proxy is at most as long as these take on the machine at hand.
TURNS_OF_A_LIFE = 8


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    numbers = itertools.count()
    with FakeOllama() as ollama:
        ollama.respond = lambda _body: answer(f"The answer is number {next(numbers)}.")
        yield ollama


class Client:
    """Goes on with a session, turn by turn, until the proxy is gone; notes what was completed."""

    def __init__(self) -> None:
        self.completed: list[str] = []
        self._session = 0
        self._messages: list[Message] = []

    def work(self, url: str) -> None:
        try:
            with httpx.Client(
                base_url=url, timeout=HANG_SECONDS, trust_env=False, verify=False
            ) as client:
                while True:
                    self._turn(client)
        except httpx.HTTPError:
            if self._messages and self._messages[-1]["role"] == "user":
                self._messages.pop()  # it will be said again

    def _turn(self, client: httpx.Client) -> None:
        if len(self._messages) >= 2 * TURNS_OF_A_SESSION:
            self._session += 1
            self._messages = []
        number = len(self._messages)
        text = f"Session {self._session}, message {number}: {'go on, please. ' * 40}"
        self._messages.append({"role": "user", "content": text})
        body: dict[str, Any] = {"model": "x", "max_tokens": 100, "stream": True, "tools": []}
        body["messages"] = self._messages
        headers = {"x-claude-code-session-id": f"{self._session}"}
        headers["x-claude-code-request-class"] = "main"
        with client.stream("POST", "/v1/messages", json=body, headers=headers) as reply:
            lines = list(reply.iter_lines())
        if "event: message_stop" not in lines:
            raise httpx.ReadError("cut off")
        deltas = (line.partition('"text":"')[2] for line in lines if "text_delta" in line)
        answer_text = "".join(delta.partition('"')[0] for delta in deltas)
        self.completed.append(answer_text)
        self._messages.append({"role": "assistant", "content": answer_text})


def stored_texts(data: Path) -> set[str]:
    database = Database(data)
    listing = Listing(database)
    texts = {
        block["text"]
        for conversation in listing.conversations()
        for message in listing.messages(conversation.id)
        for block in message.content
    }
    database.close()
    return texts


def seconds_of_turns(ollama_url: str, data: Path, turns: int) -> float:
    """Measure how long some turns of an undisturbed proxy take, connecting included."""
    client = Client()
    with KillableProxy(ollama_url, data, free_port()) as proxy:
        began = time.monotonic()
        worker = threading.Thread(target=client.work, args=(proxy.url,))
        worker.start()
        while len(client.completed) < turns:
            time.sleep(0.001)
        seconds = time.monotonic() - began
        proxy.kill()
        worker.join(HANG_SECONDS)
    return seconds


def test_no_completed_turn_is_lost_to_a_kill(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    client, rng = Client(), random.Random(11)
    max_seconds = seconds_of_turns(fake.url, tmp_path / "measured.db", TURNS_OF_A_LIFE)
    for number in range(KILLS):
        with KillableProxy(fake.url, data, free_port()) as proxy:
            worker = threading.Thread(target=client.work, args=(proxy.url,))
            worker.start()
            worker.join(rng.uniform(0, max_seconds))
            proxy.kill()
            worker.join(HANG_SECONDS)
            assert not worker.is_alive()
        if number % 20 == 19:
            assert not set(client.completed) - stored_texts(data)
    database = sqlite3.connect(data)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    database.close()
    assert len(client.completed) > KILLS // 2
    assert not set(client.completed) - stored_texts(data)
    assert not list(tmp_path.glob("*.broken*"))
