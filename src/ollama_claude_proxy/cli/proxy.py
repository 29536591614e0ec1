"""The proxy as other commands see it: its address, and what it says of itself when it runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import Any

from ollama_claude_proxy.settings import Settings

_MAX_ANSWER = 65_536  # bytes; a health report is below one kilobyte


@dataclass(frozen=True)
class RunningProxy:
    """What a running proxy reports.

    Its version, the model in use, its window in tokens, and of the last prompt `tokens`, how many
    were `cached` and what `broke` its beginning.
    """

    version: str
    model: str | None
    window: int | None
    last_prompt: Mapping[str, Any] | None = None


def reachable_host(settings: Settings) -> str:
    """Give the host under which this machine reaches the proxy (`0.0.0.0` is no destination)."""
    try:
        address = ip_address(settings.host)
    except ValueError:
        return settings.host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    return str(address)


def base_url(settings: Settings, port: int | None = None) -> str:
    """Give the URL for ANTHROPIC_BASE_URL: no `/v1`, which the client adds itself."""
    host = reachable_host(settings)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{settings.port if port is None else port}"


def running_proxy(
    settings: Settings, port: int | None = None, *, patience: float = 0.5
) -> RunningProxy | None:
    """Ask the proxy at the configured host and port for its health, `patience` seconds at most.

    None: nothing answers there, or something else does. It is asked directly, whatever HTTP proxy
    the environment names.
    """
    connection = HTTPConnection(
        reachable_host(settings), settings.port if port is None else port, timeout=patience
    )
    headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    try:
        connection.request("GET", "/health", headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            return None
        return _read(json.loads(answer.read(_MAX_ANSWER)))
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _read(report: Any) -> RunningProxy | None:
    """Recognise our report; other servers have a `/health` too."""
    if not isinstance(report, dict) or report.get("status") != "ok":
        return None
    version, model, window = (report.get(name) for name in ("version", "model", "window"))
    if not isinstance(version, str) or "model" not in report:
        return None
    last = report.get("last_prompt")
    return RunningProxy(
        version,
        model if isinstance(model, str) and model else None,
        window if isinstance(window, int) and window > 0 else None,
        last if isinstance(last, dict) else None,
    )
