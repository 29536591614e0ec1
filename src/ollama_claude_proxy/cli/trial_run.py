"""Runs the jobs of `ocp try` on one model after the other, each through a proxy of its own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ollama_claude_proxy.cli.trial_results import TrialResult, TrialResults
from ollama_claude_proxy.settings import Settings, cache_path
from ollama_claude_proxy.trial.job import Job
from ollama_claude_proxy.trial.play import Answer, JobResult, play_job
from ollama_claude_proxy.trial.standard_jobs import standard_jobs, standard_tools
from ollama_claude_proxy.trial.summary import summarize
from ollama_claude_proxy.wire.model import ModelProfile

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.proxy_client import ProxyClient

_FIRST_ANSWER_SECONDS = 600.0  # it loads the model, and reads the tools
_ANSWER_SECONDS = 300.0
_MAX_TOKENS = 2048
# Long enough to stay loaded between two jobs; `keep_alive` is for the models that somebody uses.
_KEEP_ALIVE = "5m"

# Arguments: the job's result, jobs done so far, and jobs in total.
ShowJob = Callable[[JobResult, int, int], None]


class TrialRun:
    """A run over some models; `results` has what is known so far, also after Ctrl-C."""

    def __init__(
        self, settings: Settings, profiles: Sequence[ModelProfile], *, is_quick: bool
    ) -> None:
        self._settings = settings
        self._profiles = profiles
        self._is_quick = is_quick
        self._jobs = [job for job in standard_jobs().jobs if job.quick or not is_quick]
        self._played: dict[str, list[JobResult]] = {}
        self._store = TrialResults()
        self._answers = 0

    @property
    def results(self) -> list[TrialResult]:
        """What was found, also of a model whose jobs have not all been played."""
        return [self._result(profile) for profile in self._profiles if self._played_of(profile)]

    async def run(self, show_model: Callable[[ModelProfile, int], None], show: ShowJob) -> None:
        """Play all jobs; raises OcpError if the proxy does not start or Ollama is gone."""
        for profile in self._profiles:
            show_model(profile, len(self._jobs))
            await self._run_model(profile, show)
            if any(job.answers for job in self._played_of(profile)):
                self._store.keep(profile, self._result(profile))

    async def _run_model(self, profile: ModelProfile, show: ShowJob) -> None:
        from ollama_claude_proxy.upstream.connect import open_upstream  # noqa: PLC0415  # 0.1 s
        from ollama_claude_proxy.upstream.proxy_client import ProxyClient  # noqa: PLC0415

        self._answers = 0
        settings = self._settings
        played = self._played.setdefault(profile.name, [])
        with _run_proxy(settings, profile, self._window(profile)) as url:
            async with (
                ProxyClient(url, settings.token) as client,
                open_upstream(settings) as ollama,
            ):
                for job in self._jobs:
                    result = await self._play(client, profile, job)
                    if result.error:
                        await ollama.version()  # raises if the failure is not the model's
                    played.append(result)
                    show(result, self._done(), len(self._jobs) * len(self._profiles))

    async def _play(self, client: "ProxyClient", profile: ModelProfile, job: Job) -> JobResult:
        async def ask(messages: list[dict[str, Any]]) -> Answer:
            seconds = _ANSWER_SECONDS if self._answers else _FIRST_ANSWER_SECONDS
            started = time.monotonic()
            reply = await client.ask_whole(_request_body(profile.name, messages), seconds=seconds)
            self._answers += 1
            return Answer(
                reply.blocks,
                tokens=reply.output_tokens,
                seconds=time.monotonic() - started,
                repaired=reply.call_counts.get("repaired", 0),
                asked_again=reply.call_counts.get("asked_again", 0),
            )

        return await play_job(job, ask)

    def _result(self, profile: ModelProfile) -> TrialResult:
        played = self._played_of(profile)
        return TrialResult(
            model=profile.name,
            window=self._window(profile),
            is_quick=self._is_quick,
            is_finished=len(played) == len(self._jobs),
            at=round(time.time()),
            summary=summarize(played),
        )

    def _played_of(self, profile: ModelProfile) -> list[JobResult]:
        return self._played.get(profile.name, [])

    def _done(self) -> int:
        return sum(map(len, self._played.values()))

    def _window(self, profile: ModelProfile) -> int:
        from ollama_claude_proxy.upstream.catalog import context_window  # noqa: PLC0415  # 0.1 s

        return context_window(profile, self._settings)


@contextmanager
def _run_proxy(settings: Settings, profile: ModelProfile, window: int) -> Iterator[str]:
    """Serve one model on a free port until the block ends; yield the URL.

    It remembers nothing, so that no trial turns up among somebody's conversations.
    """
    from ollama_claude_proxy.app import create_app  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.cli.runner import open_free_socket, serve_in_thread  # noqa: PLC0415

    listener = open_free_socket()
    host, port = listener.getsockname()[:2]
    changes: dict[str, Any] = {
        "model": profile.name,
        "host": host,
        "port": port,
        "memory": "off",
        "keep_alive": _KEEP_ALIVE,
    }
    if not settings.leaves_window:
        changes["num_ctx"] = window
    app = create_app(settings.model_copy(update=changes), cache=cache_path())
    with serve_in_thread(app, listener) as url:
        yield url


def _request_body(model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "model": model,
        "max_tokens": _MAX_TOKENS,
        "temperature": 0,
        "system": standard_jobs().system,
        "tools": standard_tools(),
        "messages": messages,
    }
