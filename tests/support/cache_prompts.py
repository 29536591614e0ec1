"""Long prompts for the prompt cache of the fake Ollama."""

import json
from typing import Any

from support.fake_ollama import FakeOllama
from support.raw_http_client import RawHttpClient

MODEL = "qwen2.5-coder:7b"


def numbered_words(tag: str, tokens: int) -> str:
    """Return a text of so many tokens that only an equal tag repeats."""
    return " ".join(f"{tag}{number % 1000:03}" for number in range(tokens))


def chat_body(system: str, *turns: str) -> dict[str, Any]:
    """Return a body with alternating turns of the user and the model."""
    turn_messages = [
        {"role": "assistant" if index % 2 else "user", "content": text}
        for index, text in enumerate(turns)
    ]
    messages = [{"role": "system", "content": system}, *turn_messages]
    return {"model": MODEL, "messages": messages, "options": {"num_ctx": 32768}}


HEAD = numbered_words("a", 6000)
TURNS = [numbered_words(tag, 1000) for tag in "bcdefghijklmnop"]
MAIN = chat_body(HEAD, *TURNS)
FLUSH = chat_body("Say ok.", "ok")
DISSIMILAR = chat_body(numbered_words("x", 5000), "What?")
SAME_HEAD = chat_body(HEAD, numbered_words("y", 30))
SEVEN_TURNS = chat_body(HEAD, *TURNS[:7], "Sum that up", "I will.", "Do so.")
TWELVE_TURNS = chat_body(HEAD, *TURNS[:12], "Do so.")


def send_chat(client: RawHttpClient, body: dict[str, Any]) -> dict[str, Any]:
    """Send a chat; return the last line of the answer."""
    response = client.request("POST", "/api/chat", body)
    assert response.status == 200, response.body
    line: dict[str, Any] = json.loads(response.body.splitlines()[-1])
    return line


def cached_tokens(fake: FakeOllama) -> int:
    """Return the tokens of the last prompt that were in the cache."""
    _, prompt, read = fake.reads[-1]
    return prompt - read
