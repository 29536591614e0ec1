"""A window that does not fit into the graphics card is made smaller, once, for the next start.

A model whose cache spills into main memory is several times slower. Ollama tells after loading how
much of it lies where. The window is not changed while the proxy runs: that would load the model
anew and lose every cache; the next start uses the next smaller step.
"""

import asyncio
import logging

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.sessions.storage.store import Store
from ollama_claude_proxy.upstream.ollama.client import Ollama

logger = logging.getLogger(__name__)

WINDOW = "window"
# Tokens; below the smallest Claude Code cannot work.
STEPS = (8_192, 16_384, 32_768, 65_536, 131_072, 262_144)


class Spilling:
    """Looks once a model where it lies; `chosen` windows are the user's and stay."""

    def __init__(self, ollama: Ollama, store: Store, *, chosen: bool) -> None:
        self._ollama = ollama
        self._store = store
        self._chosen = chosen
        self._looked: set[str] = set()
        self._looking: asyncio.Task[None] | None = None

    def look(self, model: str, window: int) -> None:
        """See whether a model that has just answered lies in the graphics card as a whole."""
        if model not in self._looked:
            self._looked.add(model)
            self._looking = asyncio.create_task(self._look(model, window))

    async def _look(self, model: str, window: int) -> None:
        try:
            running = await self._ollama.running()
        except OcpError:  # the next start looks again
            return
        found = next((one for one in running if model in {one.name, one.model}), None)
        if found is None or not 0 < found.size_vram < found.size:
            return  # all of it, or nothing: without a graphics card a smaller window helps little
        percent = 100 * found.size_vram // found.size
        smaller = max((step for step in STEPS if step < window), default=None)
        if self._chosen or smaller is None:
            logger.warning(
                "only %d %% of %s fit into the graphics card: it is slow. Use a smaller window or"
                " model: `ocp serve --num-ctx 16384`, `ocp models`.",
                percent,
                model,
            )
            return
        self._store.keep_fact(WINDOW, found.digest, str(smaller))
        logger.warning(
            "only %d %% of %s fit into the graphics card with a window of %d tokens; the next start"
            " uses %d. `--num-ctx` sets it for good.",
            percent,
            model,
            window,
            smaller,
        )
