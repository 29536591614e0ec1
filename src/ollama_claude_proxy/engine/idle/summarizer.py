"""Summaries of turns that left a prompt, by the model itself while no request needs it.

Only if the setting `summarize` says so. A summary is shown from the next cut on, which changes the
beginning of the prompt anyway: earlier, it would make the model read all of the prompt again.
"""

import logging

from ollama_claude_proxy.engine.background_tasks import BackgroundTasks
from ollama_claude_proxy.engine.internal_request import run_internal_request
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.upstream.scheduler import Priority
from ollama_claude_proxy.wire.chat import ChatMessage, ModelRequest, Sampling

logger = logging.getLogger(__name__)

_SESSION = "summing up"
_MAX_WORDS = 250
_MAX_TOKENS = 600
_INSTRUCTIONS = (
    f"You sum up the beginning of a conversation in at most {_MAX_WORDS} words, for somebody who "
    "goes on with the work: what the user wants, what was decided and why, what was changed in "
    "which files, which errors are open. Names, numbers and paths as they are. No introduction."
)
# Half of the window for the text to summarize, at three characters a token.
_CHARACTERS_PER_TOKEN = 3
_WINDOW_DIVISOR = 2


class Summarizer:
    """Starts and stops the summaries of conversations."""

    def __init__(self, services: ModelServices, tasks: BackgroundTasks) -> None:
        self._services = services
        self._tasks = tasks
        self._is_active = services.settings.summarize == "model"

    def start(self, conversation: Conversation, plan: Plan) -> None:
        """Summarize the turns that left a conversation, if no request needs the model."""
        if not self._is_active or self._services.scheduler.is_busy(plan.model):
            return
        text = conversation.unsummarized
        if text:
            request = _model_request(plan, conversation.summary, text)
            self._tasks.start((_SESSION, plan.model), self._run(conversation, plan, request))

    async def stop(self, model: str) -> None:
        """Stop, because a request needs the model."""
        await self._tasks.cancel((_SESSION, model))

    async def _run(self, conversation: Conversation, plan: Plan, request: ModelRequest) -> None:
        try:
            async with self._services.scheduler.slot(plan.model, Priority.IDLE, _SESSION):
                written = await run_internal_request(self._services.upstream, request, plan.window)
        except OcpError as error:
            logger.info("%s could not summarize: %s", plan.model, error.message)
            return
        summary = written.strip()
        if summary:
            conversation.keep_summary(summary)


def _model_request(plan: Plan, summary: str, text: str) -> ModelRequest:
    max_characters = plan.window // _WINDOW_DIVISOR * _CHARACTERS_PER_TOKEN
    newest = text[-max_characters:]
    known = f"The summary so far:\n{summary}\n\nWhat came then:\n" if summary else ""
    return ModelRequest(
        model=plan.model,
        messages=(
            ChatMessage("system", _INSTRUCTIONS),
            ChatMessage("user", f"{known}{newest}\n\nSum that up."),
        ),
        think=None if plan.model_request.think is None else False,
        window=plan.model_request.window,
        max_tokens=_MAX_TOKENS,
        sampling=Sampling(temperature=0),
        keep_alive=plan.model_request.keep_alive,
    )
