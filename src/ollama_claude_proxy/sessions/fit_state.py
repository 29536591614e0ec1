"""How a conversation is fitted into a model's window, as it is stored."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct, field

from ollama_claude_proxy.sessions.cut import Cut, count_changes
from ollama_claude_proxy.sessions.fitted_turn import FittedTurn
from ollama_claude_proxy.wire.anthropic import Message


class ConversationKey(Struct, frozen=True):
    """How a conversation is recognised.

    Its `identity`, the client's `session` and `agent` (empty where it names none), and the `model`.
    """

    identity: str
    session: str = ""
    agent: str = ""
    model: str = ""


class FitStateStore(Protocol):
    """Keeps how conversations are fitted."""

    def fit_state(self, key: str, model: str) -> bytes | None:
        """Return what was kept of how a conversation is fitted for a model."""

    def keep_fit_state(self, key: str, model: str, state: bytes) -> None:
        """Keep how a conversation is fitted for a model."""

    def keep_fitted_turn(self, key: str, model: str, message: int, turn: FittedTurn) -> None:
        """Keep what was done for a turn, by the hash of its last message."""


class FitSummary(Struct, frozen=True):
    """How many messages were left out, how many truncated, and how many texts loaded.

    `is_new_cut` tells that less is shown than before this turn, and so much is read anew.
    """

    left_out: int
    truncated: int
    loaded: int
    is_new_cut: bool = False

    @classmethod
    def of(
        cls, messages: Sequence[Message], cut: Cut, *, loaded: int, is_new_cut: bool
    ) -> "FitSummary | None":
        """Return what a cut does to messages; None if that is nothing and nothing is loaded."""
        if cut == Cut() and not loaded:
            return None
        return cls(*count_changes(messages, cut), loaded, is_new_cut)


class FitState(Struct):
    """The cut of a conversation, and the `mark` of the messages it was made for.

    `tools` were found in messages that left; `loaded` are texts by the name of the message at which
    they stand. `summary` is the model's, of the messages before number `summarized_until`, if it
    wrote one.
    """

    cut: Cut = Cut()
    mark: str = ""
    digest: str = ""
    tools: list[str] = field(default_factory=list)
    summary: str = ""
    summarized_until: int = field(default=0, name="summarised")
    loaded: dict[str, str] = field(default_factory=dict)


def encode_fit_state(state: FitState) -> bytes:
    """Return a state as it is stored."""
    return msgspec.json.encode(state)


def decode_fit_state(stored: bytes) -> FitState:
    """Return a stored state; an empty one if it cannot be read."""
    try:
        return msgspec.json.decode(stored, type=FitState)
    except msgspec.DecodeError:
        return FitState()


def matching_state(stored: bytes | None, mark: Callable[[Cut], str | None]) -> FitState:
    """Return a stored state if it was made for these messages, whose `mark` a cut depends on."""
    state = decode_fit_state(stored) if stored is not None else FitState()
    return state if state.mark == mark(state.cut) else FitState()
