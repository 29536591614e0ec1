"""Has a model do a job: asks, judges its calls, and answers them from the made-up project."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import Struct

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.trial.job import Job, Step
from ollama_claude_proxy.trial.judge import Call, Fault, FaultKind, judge_call, judge_calls
from ollama_claude_proxy.trial.project import LOOKING_TOOLS, SimulatedProject

# How often a model may look around on its way through the steps.
_DETOURS = 3


class Answer(Struct, frozen=True):
    """One answer through the proxy: its content blocks, and what it cost.

    `repaired` counts calls and `asked_again` requests, as `x-ocp-calls` has them. `seconds` is the
    time from the request to the whole answer.
    """

    blocks: list[dict[str, Any]]
    tokens: int = 0
    seconds: float = 0.0
    repaired: int = 0
    asked_again: int = 0

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The `tool_use` blocks."""
        return [block for block in self.blocks if block["type"] == "tool_use"]


class JobResult(Struct, frozen=True):
    """How a job ended: with a fault, with an error (no answer came), or done."""

    job: str
    kind: str
    answers: tuple[Answer, ...] = ()
    fault: Fault | None = None
    error: str = ""

    @property
    def is_done(self) -> bool:
        """Whether every step was done, with the right name and the right arguments."""
        return self.fault is None and not self.error

    @property
    def why(self) -> str:
        """Why it is not done, in words; empty: it is."""
        return self.error or (self.fault.why if self.fault else "")


Ask = Callable[[list[dict[str, Any]]], Awaitable[Answer]]


async def play_job(job: Job, ask: Ask) -> JobResult:
    """Have a model do a job; `ask` sends the messages of a conversation to it.

    An OcpError or TimeoutError of `ask` ends the job, not more.
    """
    game = _Game(job, ask)
    fault, error = None, ""
    try:
        fault = await game.play()
    except OcpError as failure:
        error = failure.message
    except TimeoutError:
        error = "no answer came in time"
    return JobResult(job.name, job.kind, tuple(game.answers), fault, error)


class _Game:
    def __init__(self, job: Job, ask: Ask) -> None:
        self._steps = job.steps
        self._project = SimulatedProject(job.project)
        self._ask = ask
        self._messages: list[dict[str, Any]] = [{"role": "user", "content": job.prompt}]
        self.answers: list[Answer] = []

    async def play(self) -> Fault | None:
        if len(self._steps) == 1:
            answer = await self._next_answer()
            return judge_calls(list(map(_call, answer.calls)), self._steps[0])
        done = 0
        while done < len(self._steps):
            if len(self.answers) == len(self._steps) + _DETOURS:
                return _not_finished(FaultKind.NO_PROGRESS, "it went round in circles", done)
            answer = await self._next_answer()
            if not answer.calls:
                return _not_finished(FaultKind.NO_CALL, "it called no tool", done)
            done, fault = _advance(list(map(_call, answer.calls)), self._steps, done)
            if fault is not None:
                return fault
            self._send_results(answer)
        return None

    async def _next_answer(self) -> Answer:
        answer = await self._ask(self._messages)
        self.answers.append(answer)
        return answer

    def _send_results(self, answer: Answer) -> None:
        results = []
        for block in answer.calls:
            result = self._project.run(_call(block))
            results.append(
                {
                    "type": "tool_result",
                    "tool_use_id": block["id"],
                    "content": result.text,
                    "is_error": result.is_error,
                }
            )
        self._messages += [
            {"role": "assistant", "content": answer.blocks},
            {"role": "user", "content": results},
        ]


def _advance(calls: Sequence[Call], steps: Sequence[Step], done: int) -> tuple[int, Fault | None]:
    """Return how many steps are done after an answer's calls, and the fault that ends the job."""
    for call in calls:
        if done == len(steps):
            break
        fault = judge_call(call, steps[done])
        if fault is None:
            done += 1
        elif call.name not in LOOKING_TOOLS:
            return done, _not_finished(fault.kind, fault.why, done, fault.argument)
    return done, None


def _not_finished(kind: FaultKind, why: str, done: int, argument: str = "") -> Fault:
    return Fault(kind, f"step {done + 1}: {why}", argument)


def _call(block: dict[str, Any]) -> Call:
    return Call(block["name"], block["input"])
