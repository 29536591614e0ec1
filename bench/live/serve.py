"""Serve an Ollama with a real engine, for anything that talks to an Ollama, such as `ocp try`.

Usage: python bench/live/serve.py PORT [--server FILE] [--model FILE] [--threads N]
"""

import argparse
import sys
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from live.engine import live_ollama, made_by_script  # after the path that has it


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--server", type=Path, help="a llama-server; scripts/engine makes one")
    parser.add_argument("--model", type=Path, help="a GGUF file; scripts/engine makes one")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    server, model = options.server, options.model
    if server is None or model is None:
        made_server, made_model = made_by_script()
        server, model = server or made_server, model or made_model
    with live_ollama(server, model, options.threads, Path("/dev/null"), options.port) as ollama:
        print(f"{ollama.url} serves {next(iter(ollama.models))}")
        threading.Event().wait()


if __name__ == "__main__":
    main()
