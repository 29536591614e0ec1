"""llama-server as a process, with a model's file, and an Ollama before it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from servers import BenchError, free_port
from support.fake_models import FakeModel
from support.live_ollama import LiveOllama

WINDOW = 8192  # tokens
_LOAD_SECONDS = 300.0
_SCRIPT = Path(__file__).parents[2] / "scripts" / "engine"


def made_by_script() -> tuple[Path, Path]:
    """Return the server and the model that `scripts/engine` makes, which takes a while once."""
    made = subprocess.run([_SCRIPT], stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        raise BenchError("`scripts/engine` failed")
    server, model = made.stdout.split("\n")[:2]
    return Path(server), Path(model)


@contextmanager
def live_ollama(
    server: Path, model: Path, threads: int, log: Path, port: int = 0
) -> Iterator[LiveOllama]:
    """Run an Ollama whose only model is the file; it cannot use tools by itself if not a Qwen.

    `threads` is for the engine; its output goes to `log`.
    """
    engine_port = free_port()
    arguments = [
        str(server),
        "--model",
        str(model),
        "--port",
        str(engine_port),
        "--host",
        "127.0.0.1",
    ]
    arguments += ["--ctx-size", str(WINDOW), "--parallel", "1", "--threads", str(threads)]
    with (
        log.open("wb") as output,
        subprocess.Popen(arguments, stdout=output, stderr=output) as process,
    ):
        try:
            url = f"http://127.0.0.1:{engine_port}"
            _wait_until_loaded(url, process, log)
            with LiveOllama(url, _described(model), port) as ollama:
                yield ollama
        finally:
            process.terminate()


def _described(model: Path) -> FakeModel:
    is_qwen = "qwen" in model.name.lower()
    capabilities = frozenset({"completion", "tools"} if is_qwen else {"completion"})
    name = f"{model.stem.lower()}:latest"
    return FakeModel(
        name, capabilities=capabilities, size=model.stat().st_size, context_length=WINDOW
    )


def _wait_until_loaded(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _LOAD_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise BenchError(f"the engine does not serve:\n{log.read_text(errors='replace')[-2000:]}")
