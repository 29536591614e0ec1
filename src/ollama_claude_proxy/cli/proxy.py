"""The proxy as other commands see it: its address, and the health report of a running one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from typing import Any

from ollama_claude_proxy.settings import Settings

_MAX_REPORT_BYTES = 65_536  # a health report has less than one kilobyte


@dataclass(frozen=True)
class RunningProxy:
    """What a running proxy reports.

    `window` is in tokens. `last_prompt` has `tokens`, how many of them were `cached`, and what
    `broke` the beginning of the prompt. `first_prompt_tokens` is what a session begins with.
    """

    version: str
    model: str | None
    window: int | None
    last_prompt: Mapping[str, Any] | None = None
    first_prompt_tokens: int | None = None


def reachable_host(settings: Settings) -> str:
    """Return the host by which this machine reaches the proxy (`0.0.0.0` is no destination)."""
    try:
        address = ip_address(settings.host)
    except ValueError:
        return settings.host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    return str(address)


def base_url(settings: Settings, port: int | None = None) -> str:
    """Return the URL for ANTHROPIC_BASE_URL, without the `/v1` that the client adds itself."""
    host = reachable_host(settings)
    url_host = f"[{host}]" if ":" in host else host
    return f"http://{url_host}:{settings.port if port is None else port}"


def find_running_proxy(
    settings: Settings, port: int | None = None, *, timeout: float = 0.5
) -> RunningProxy | None:
    """Return the health report of the proxy at the configured host and port, in `timeout` seconds.

    Returns None if nothing answers there, or another program does. The request is sent directly,
    even if the environment sets an HTTP proxy.
    """
    connection = HTTPConnection(
        reachable_host(settings), settings.port if port is None else port, timeout=timeout
    )
    headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
    try:
        connection.request("GET", "/health", headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            return None
        return _parse_report(json.loads(response.read(_MAX_REPORT_BYTES)))
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _parse_report(report: Any) -> RunningProxy | None:
    """Return the report, or None if it is not ours; other servers have a `/health` too."""
    if not isinstance(report, dict) or report.get("status") != "ok":
        return None
    version, model = report.get("version"), report.get("model")
    if not isinstance(version, str) or "model" not in report:
        return None
    last_prompt = report.get("last_prompt")
    return RunningProxy(
        version,
        model if isinstance(model, str) and model else None,
        _tokens(report.get("window")),
        last_prompt if isinstance(last_prompt, dict) else None,
        _tokens(report.get("first_prompt_tokens")),
    )


def _tokens(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
