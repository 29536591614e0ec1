"""Turns that left a prompt, summed up by the model itself while nobody wants it.

Only where `summarize` says so. What the model wrote is shown from the next step on, for that
changes the beginning of the prompt anyway: before, it would have all of it read again.
"""

import asyncio
import logging
from typing import Any

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.upstream.ollama.client import Chat, Ollama
from ollama_claude_proxy.upstream.scheduler import Rank, Scheduler
from ollama_claude_proxy.wire.events import encode_json

logger = logging.getLogger(__name__)

_SESSION = "summing up"
_WORDS = 250
_TOKENS = 600
_INSTRUCTIONS = (
    f"You sum up the beginning of a conversation in at most {_WORDS} words, for somebody who goes "
    "on with the work: what the user wants, what was decided and why, what was changed in which "
    "files, which errors are open. Names, numbers and paths as they are. No introduction."
)
# Half of the window for what is to be summed up, at three characters a token.
_CHARACTERS = 3
_PART = 2


class Summarising:
    """Has conversations summed up; `active` is the setting."""

    def __init__(self, ollama: Ollama, scheduler: Scheduler, *, active: bool) -> None:
        self._ollama = ollama
        self._scheduler = scheduler
        self._active = active
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, conversation: Conversation, plan: Plan) -> None:
        """Have what left a conversation summed up, once nobody wants the model."""
        if not self._active or self._scheduler.busy(plan.model):
            return
        text = conversation.unsummarised
        if text and (plan.model not in self._tasks or self._tasks[plan.model].done()):
            most = plan.window // _PART * _CHARACTERS
            body = _body(plan, conversation.summary, text[-most:])
            self._tasks[plan.model] = asyncio.create_task(self._run(conversation, plan, body))

    async def give_way(self, model: str) -> None:
        """Stop: somebody wants the model."""
        task = self._tasks.pop(model, None)
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})

    async def close(self) -> None:
        """Stop everything."""
        for model in list(self._tasks):
            await self.give_way(model)

    async def _run(self, conversation: Conversation, plan: Plan, body: dict[str, Any]) -> None:
        chat = Chat(encode_json(body), plan.model, 0, plan.window)
        written: list[str] = []
        try:
            async with (
                self._scheduler.slot(plan.model, Rank.WARMING, _SESSION),
                self._ollama.chat(chat) as batches,
            ):
                async for lines in batches:
                    written += [line.message.content for line in lines if line.message]
        except OcpError as error:
            logger.info("%s could not sum up: %s", plan.model, error.message)
            return
        summary = "".join(written).strip()
        if summary:
            conversation.sum_up(summary)


def _body(plan: Plan, before: str, text: str) -> dict[str, Any]:
    known = f"The summary so far:\n{before}\n\nWhat came then:\n" if before else ""
    options = {key: value for key, value in plan.body["options"].items() if key == "num_ctx"}
    body = {
        "model": plan.model,
        "messages": [
            {"role": "system", "content": _INSTRUCTIONS},
            {"role": "user", "content": f"{known}{text}\n\nSum that up."},
        ],
        "options": options | {"num_predict": _TOKENS, "temperature": 0},
        "keep_alive": plan.body["keep_alive"],
        "truncate": False,
        "stream": True,
    }
    return body | ({"think": False} if "think" in plan.body else {})
