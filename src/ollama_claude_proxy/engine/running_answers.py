"""The running answers: an equal request joins one, and all end when the proxy stops."""

from hashlib import sha256

from msgspec.structs import replace

from ollama_claude_proxy.engine.generation import Generation
from ollama_claude_proxy.engine.planner import PlannedRequest
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.wire.chat import Sampling
from ollama_claude_proxy.wire.events import encode_json


class RunningAnswers:
    """The running generations, each with the identity of its request."""

    def __init__(self) -> None:
        self._running: list[tuple[str, Generation]] = []

    def find(self, identity: str) -> Generation | None:
        """Return the running generation of an equal request; None for an empty identity."""
        for known, generation in reversed(self._running):
            if identity and known == identity:
                ended = generation.has_ended or generation.is_abandoned
                return None if ended else generation
        return None

    def add(self, identity: str, generation: Generation) -> None:
        """Add a generation; equal requests may join it, unless its identity is empty."""
        self._running = [entry for entry in self._running if not entry[1].has_ended]
        self._running.append((identity, generation))

    @property
    def listeners(self) -> int:
        """How many clients listen to answers that run."""
        return sum(
            generation.listeners for _, generation in self._running if not generation.has_ended
        )

    def interrupt(self, error: OcpError) -> None:
        """End all with an error."""
        for _, generation in self._running:
            generation.interrupt(error)


def request_identity(planned: PlannedRequest) -> str:
    """Return the identity of a request, by which its client joins an answer that runs already.

    Empty for clients without sessions, because they may want two answers to one question.
    """
    if not planned.caller.is_named:
        return ""
    request = planned.plan.model_request
    messages = request.messages
    settings = replace(
        request, messages=(), window=None, max_tokens=None, keep_tokens=None, sampling=Sampling()
    )
    # Length and last message identify a prompt within its conversation; hashing all is slow.
    characters = sum(len(message.content) for message in messages)
    parts = [settings, messages[0], len(messages), characters, messages[-1]]
    return f"{planned.caller.conversation} {sha256(encode_json(parts)).hexdigest()}"
