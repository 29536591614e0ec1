"""What every endpoint shares, and the answers that are running."""

import asyncio
from typing import Protocol

from ollama_claude_proxy.sessions.store import Store
from ollama_claude_proxy.sessions.turns import Turns
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.translate.response.calls import Tally
from ollama_claude_proxy.upstream.calibration import Calibration
from ollama_claude_proxy.upstream.catalog import Catalog
from ollama_claude_proxy.upstream.client import Ollama


class Stoppable(Protocol):
    """Something that can be told to end in good order."""

    def stop(self) -> None:
        """End soon."""


class Services:
    """The settings, the Ollama and what is known of its models, and the running answers.

    `turns` remembers what models wrote, `tally` counts what became of their calls.
    """

    def __init__(
        self,
        settings: Settings,
        ollama: Ollama,
        catalog: Catalog,
        calibration: Calibration,
        store: Store,
    ) -> None:
        self.settings = settings
        self.ollama = ollama
        self.catalog = catalog
        self.calibration = calibration
        self.store = store
        self.turns = Turns(store)
        self.tally = Tally()
        self.running: set[Stoppable] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Start serving."""
        self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        """Give back what is held."""
        self.store.close()
        await self.ollama.close()

    def shutdown(self) -> None:
        """End all running answers with an error event; safe to call from a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop_running)

    def _stop_running(self) -> None:
        for answer in list(self.running):
            answer.stop()
