"""Plays a long session before the proxy, and asks the questions about it."""

from typing import Any

from support.fake_ollama import FakeOllama
from support.proxy import Proxy
from support.recall_sessions import RecallSession
from support.recall_writer import Kind, Message, Question
from support.recordings import replays

# What the client sends with its few tools, as `ocp claude --lean` starts it.
_RECORDED_HEAD = "s19_lean_tools_01.json"
_GREP = {
    "name": "Grep",
    "description": "Searches the contents of files with ripgrep.",
    "input_schema": {
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "description": "The regular expression to search for."},
            "path": {"type": "string", "description": "The file or the folder to search in."},
            "output_mode": {"type": "string", "enum": ["content", "files_with_matches", "count"]},
        },
        "required": ["pattern"],
    },
}
_MAX_TOKENS = 2048


def send_as_client(proxy: Proxy, messages: list[Message], session: str = "s") -> Any:
    """Send messages with the instructions and tools of a real client."""
    recorded = next(one["body"] for one in replays() if one["file"] == _RECORDED_HEAD)
    body = {
        "model": "claude-opus-5-5",
        "max_tokens": _MAX_TOKENS,
        "system": recorded["system"],
        "tools": [*recorded["tools"], _GREP],
        "messages": messages,
    }
    reply = proxy.client.post(
        "/v1/messages", json=body, headers={"x-claude-code-session-id": session}
    )
    assert reply.status_code == 200, reply.text
    return reply


class PlayedSession:
    """A session that the proxy has seen from its first request to its last.

    Questions about an unfinished session are asked on the way; all others when they are needed.
    """

    def __init__(self, fake: FakeOllama, proxy: Proxy, session: RecallSession) -> None:
        self._fake = fake
        self._proxy = proxy
        self._session = session
        self._missing: dict[int, list[str]] = {}
        self._play()

    def missing(self, kind: Kind) -> list[tuple[Question, list[str]]]:
        """Return the questions of a kind, each with the answers that its prompt does not hold."""
        asked = [
            (number, question)
            for number, question in enumerate(self._session.questions)
            if question.kind == kind
        ]
        return [(question, self._ask(number)) for number, question in asked]

    def _play(self) -> None:
        end = len(self._session.messages)
        early = {
            number: question.asked_after
            for number, question in enumerate(self._session.questions)
            if question.asked_after < end
        }
        for stride in sorted({*self._session.strides, *early.values()}):
            messages = self._session.messages[:stride]
            if messages[-1]["role"] == "user":
                send_as_client(self._proxy, messages)
            for number in (number for number, place in early.items() if place == stride):
                self._ask(number)

    def _ask(self, number: int) -> list[str]:
        """Return the answers that are missing; the client sends each step of a tool loop."""
        if number not in self._missing:
            question = self._session.questions[number]
            messages = self._session.messages[: question.asked_after]
            for message in question.messages:
                messages = [*messages, message]
                if message["role"] == "user":
                    send_as_client(self._proxy, messages)
            prompt = self._fake.prompt_of(self._fake.chats[-1])
            self._missing[number] = [text for text in question.answers if text not in prompt]
        return self._missing[number]
