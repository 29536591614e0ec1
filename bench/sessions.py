"""What remembering long sessions costs: time in each turn, and prompts that begin anew."""

import time
from itertools import pairwise
from pathlib import Path
from statistics import mean, median

from figure import Figure
from ollama_claude_proxy.sessions.fit_state import ConversationKey
from ollama_claude_proxy.sessions.memory import SessionMemory
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.wire.anthropic import Message, parse_message
from recall.asking import Client, open_proxy, scripted_ollama
from recall.session import make_session
from support.fake_kv_cache import common_prefix_length

_WINDOWS = (16_384, 32_768)
_CONVERSATION_KEY = ConversationKey("a session", "a session", "", "a model")
_LENGTHS = (100_000, 400_000)
_MEASURED_TURNS = 30
# What is found again for a question in a window of 32,768 tokens.
_PASSAGES_CHARACTERS = 16_384
# The turns of which each prompt is compared with the one before.
_COMPARED_TURNS = 80


def sessions(folder: Path, *, quick: bool) -> list[Figure]:
    """Measure the time that remembering adds to a turn, and how much of a prompt stays."""
    figures = [_turn_overhead(folder, tokens) for tokens in _LENGTHS]
    return figures + [_kept_share(window) for window in (_WINDOWS[1:] if quick else _WINDOWS)]


def _turn_overhead(folder: Path, tokens: int) -> Figure:
    """Measure what remembering adds to the last turns of a session; each ends with a question."""
    memory = SessionMemory(Database(folder / f"{tokens}.db"))
    session = make_session(4, tokens, questions=1).messages
    messages = [parse_message(one["role"], one["content"]) for one in session]
    conversation = memory.open(_CONVERSATION_KEY, messages[:-1])
    memory.keep(conversation)
    # The window of 32,768 tokens has long been full.
    conversation.shrink(_estimate_tokens, tokens, 24_000)
    conversation.keep_fit()
    seconds = [_turn_seconds(memory, messages, turn) for turn in range(_MEASURED_TURNS + 1)]
    return Figure(
        f"a turn after {tokens:,} tokens, added by remembering",
        "ms",
        {"ocp": 1000 * median(seconds[1:])},  # the first one stores what came last
        mark=25,
    )


def _turn_seconds(memory: SessionMemory, messages: list[Message], turn: int) -> float:
    """Add a turn to a session, and return how long it took."""
    question = f"What was the error of the ledger sync, and which function raised it? {turn}"
    messages += [parse_message("user", question)]
    started = time.perf_counter()
    conversation = memory.open(_CONVERSATION_KEY, messages)
    memory.keep(conversation)
    conversation.load_passages(_PASSAGES_CHARACTERS)
    conversation.shown_messages()
    conversation.keep_fit()
    answer = parse_message("assistant", "It is done.")
    memory.keep(conversation, answer)
    seconds = time.perf_counter() - started
    messages.append(answer)
    return seconds


def _estimate_tokens(text: str) -> int:
    return len(text) // 4


def _kept_share(window: int) -> Figure:
    """Measure how much of a prompt begins the next one, over successive turns of a session."""
    session = make_session(1, 120_000, questions=1).messages
    client = Client(window)
    ends = [end for end in range(1, len(session) + 1) if session[end - 1]["role"] == "user"]
    with scripted_ollama(None) as fake, open_proxy(fake, window, None, has_meaning=False) as proxy:
        for end in (*ends[:-_COMPARED_TURNS:8], *ends[-_COMPARED_TURNS:]):
            client.send(proxy, session[:end])
        prompts = [fake.prompt_of(body) for body in fake.chats[-_COMPARED_TURNS:]]
    starts = [prompt.removesuffix("<|im_start|>assistant\n") for prompt in prompts]
    shares = [common_prefix_length(one, two) / len(one) for one, two in pairwise(starts)]
    return Figure(
        f"of the prompt before still shown, in a window of {window:,}",
        "%",
        {"ocp": 100 * mean(shares)},
        mark=90,
        higher_is_better=True,
        digits=1,
    )
