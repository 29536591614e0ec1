"""Sessions in which the model reads one file after another, and what of it Ollama read again."""

import copy
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from support.client_requests import session_headers
from support.fake_kv_cache import tokenize
from support.fake_ollama import Answer, Call, FakeOllama, answer
from support.proxy import Proxy
from support.recordings import replays
from support.turn_writer import TurnWriter

_CUT = "the window was full"
_PASSAGES = "<system-reminder>\nFrom earlier in this"
# The tokens of the template around a message.
_MARKUP_TOKENS = 30


class Turn(NamedTuple):
    """The tokens of a prompt, how many of them Ollama read, and how many were new.

    New is the message that the request added, as the model was shown it, without found passages. In
    a first request all is new. `is_cut`: the proxy has cut the conversation for it.
    """

    tokens: int
    read: int
    new: int
    is_cut: bool = False

    @property
    def read_again(self) -> int:
        """The tokens that were read though they, or what they tell of, had been shown before."""
        return max(self.read - self.new, 0)


def read_again_share(turns: Sequence[Turn]) -> float:
    """Return the tokens that were read again, as a share of all that prompts had."""
    return sum(turn.read_again for turn in turns) / sum(turn.tokens for turn in turns)


def measure_turns(fake: FakeOllama) -> list[Turn]:
    """Return the turns of the only conversation that ran on a fake; cuts are not seen here."""
    return [_turn(fake, number) for number in range(len(fake.reads))]


def _turn(fake: FakeOllama, number: int, *, is_cut: bool = False) -> Turn:
    _, tokens, read = fake.reads[number]
    added = fake.chats[number]["messages"][-1]["content"].partition(_PASSAGES)[0]
    new = len(tokenize(added)) + _MARKUP_TOKENS if number else tokens
    return Turn(tokens, read, new, is_cut)


def client_head(file: str = "s01_unknown_model_01.json") -> dict[str, Any]:
    """Return the instructions, the tools and the opening that a real client sent."""
    body = next(replay["body"] for replay in replays() if replay["file"] == file)
    return {name: body[name] for name in ("system", "tools", "max_tokens", "messages")}


class ReadingSession:
    """A session with a real client's head, of files with 2,000 to 8,000 characters."""

    def __init__(self, fake: FakeOllama, proxy: Proxy, seed: int = 1) -> None:
        self._fake = fake
        self._proxy = proxy
        self._writer = TurnWriter(seed)
        self._sizes = random.Random(seed)
        self._body = copy.deepcopy(client_head())
        self._has_news = False
        self.turns: list[Turn] = []
        fake.respond = self._respond

    def read_files(self, count: int, *, user_turn_every: int = 0) -> list[Turn]:
        """Read so many files, with a word of the user after every few (0: never)."""
        for number in range(1, count + 1):
            self._send()
            if user_turn_every and number % user_turn_every == 0:
                self._has_news = True
                self._send()
                self._has_news = False
        return self.turns

    def _respond(self, _body: dict[str, Any]) -> Answer:
        if self._has_news:
            return answer("This part is done. What is next?")
        path = f"/srv/{self._writer.name()}/{self._writer.word()}.py"
        return answer(Call("Read", {"file_path": path}))

    def _send(self) -> None:
        body = {"model": "any", "stream": False} | self._body
        headers = session_headers("s", kind="main")
        reply = self._proxy.client.post("/v1/messages", json=body, headers=headers)
        assert reply.status_code == 200, reply.text
        is_cut = _CUT in reply.headers["x-ocp-prefix"]
        self.turns.append(_turn(self._fake, len(self.turns), is_cut=is_cut))
        self._continue(reply.json()["content"])

    def _continue(self, content: list[dict[str, Any]]) -> None:
        """Add the model's turn, and the file or the words that follow it."""
        calls = [block for block in content if block["type"] == "tool_use"]
        text = f"Go on with part {len(self.turns)}, and think of the retry limit."
        blocks: list[dict[str, Any]] = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": self._file()}
            for call in calls
        ]
        self._body["messages"] += [
            {"role": "assistant", "content": content},
            {"role": "user", "content": blocks or [{"type": "text", "text": text}]},
        ]

    def _file(self) -> str:
        size = self._sizes.randint(2000, 8000)
        lines = enumerate(self._writer.code(size // 20).splitlines(), 1)
        return "\n".join(f"{number:>6}\t{line}" for number, line in lines)[:size]
