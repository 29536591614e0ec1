"""The types of settings that are more than a number or a switch.

Each accepts the value of a flag, a variable or TOML, and returns it in one form. A ValueError has
no message: `settings/model.py` states what is allowed, beside each setting.
"""

import re
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pydantic import BeforeValidator

# Go's time.ParseDuration, which reads Ollama's keep_alive
_DURATION = re.compile(r"-?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
_OLLAMA_PORT = 11434
_TOOLS_MODES = frozenset({"auto", "native", "text"})
_WILDCARD_TO_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # no socket is bound to it


def _parse_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value.strip()


def _parse_secret(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError
    return value


def _reject_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004  # pydantic would accept `true` as 1
    return value


def _parse_keep_alive(value: Any) -> str | int:
    text = str(_reject_bool(value)).strip()
    if re.fullmatch(r"-?\d+", text):
        return int(text)  # Ollama rejects a string without a unit
    if not _DURATION.fullmatch(text):
        raise ValueError
    return text


def _parse_num_ctx(value: Any) -> Any:
    """Accept 0, which means Ollama's own window, and 512 to 10,000,000 tokens."""
    _reject_bool(value)
    if isinstance(value, str):
        value = int(value)
    if value and not 512 <= value <= 10_000_000:
        raise ValueError
    return value


def _parse_tools_mode(value: Any) -> str:
    """Parse `text`, or `auto, qwen2.5-coder:7b=text`: a mode for all models, and for some."""
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004  # the module's docstring says why it has no message
    parts = [part.strip() for part in value.split(",") if part.strip()]
    general = [part.lower() for part in parts if "=" not in part]
    by_model = [part.rpartition("=") for part in parts if "=" in part]
    modes = [*general, *(mode.strip().lower() for _, _, mode in by_model)]
    if len(general) > 1 or not modes or not _TOOLS_MODES.issuperset(modes):
        raise ValueError
    if not all(model.strip() for model, _, _ in by_model):
        raise ValueError
    return ", ".join(
        [*general, *(f"{model.strip()}={mode.strip().lower()}" for model, _, mode in by_model)]
    )


def _parse_host(value: Any) -> str:
    host = _parse_text(value).removeprefix("[").removesuffix("]")
    if not _is_address(host) and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", host):
        raise ValueError
    return host


def _parse_ollama_url(value: Any) -> str:
    text = _parse_text(value)
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in {"http", "https"} or parts.query or parts.fragment or " " in text:
        raise ValueError
    path = re.sub(r"/(?:v1|api)$", "", parts.path.rstrip("/")).rstrip("/")
    return urlunsplit((parts.scheme, _network_location(parts), path, "", ""))


Name = Annotated[str, BeforeValidator(_parse_text)]
"""One line of text that is not empty."""

Secret = Annotated[str, BeforeValidator(_parse_secret)]
"""Text that needs no encoding in an HTTP header."""

Integer = Annotated[int, BeforeValidator(_reject_bool)]
Window = Annotated[int, BeforeValidator(_parse_num_ctx)]
"""A window in tokens; 0: Ollama's own."""
Seconds = Annotated[float, BeforeValidator(_reject_bool)]

KeepAlive = Annotated[str | int, BeforeValidator(_parse_keep_alive)]
"""How long Ollama keeps a model: a Go duration, or seconds (below 0: always)."""

ToolsMode = Annotated[str, BeforeValidator(_parse_tools_mode)]
"""Who shows the tools to a model: a mode for all, and `MODEL=mode` for models that differ."""

Host = Annotated[str, BeforeValidator(_parse_host)]
"""A host name or an IP address, without brackets."""

OllamaUrl = Annotated[str, BeforeValidator(_parse_ollama_url)]
"""Ollama's address in one form, from any form in which people write it.

`OLLAMA_HOST` is also the address that Ollama itself listens on, so it may be `0.0.0.0`, `:11434` or
a bare host; and an address copied from an OpenAI client ends in `/v1`.
"""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    if _is_address(host):
        return ip_address(host).is_loopback
    return host.lower() == "localhost"


def _network_location(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = _WILDCARD_TO_LOOPBACK.get(host, host)
    port = parts.port if parts.port is not None else _default_port(parts.scheme)
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    url_host = f"[{host}]" if ":" in host else host
    return f"{user}{url_host}" + (f":{port}" if port else "")


def _default_port(scheme: str) -> int | None:
    """Return Ollama's port; None for HTTPS, where another server before Ollama has port 443."""
    return _OLLAMA_PORT if scheme == "http" else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
