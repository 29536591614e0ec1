"""The types of settings that are more than a number or a switch.

Each takes what a flag, a variable or TOML holds, and gives the value in one form. A ValueError has
no words: what *is* allowed is said once, beside the setting in `settings/model.py`.
"""

import re
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pydantic import BeforeValidator

# Go's time.ParseDuration, which reads Ollama's keep_alive
_DURATION = re.compile(r"-?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
_OLLAMA_PORT = 11434
_TOOLS = frozenset({"auto", "native", "text"})
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # read, not bound


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value.strip()


def _secret(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004  # pydantic takes `true` for 1
    return value


def _keep_alive(value: Any) -> str | int:
    word = str(_number(value)).strip()
    if re.fullmatch(r"-?\d+", word):
        return int(word)  # Ollama refuses a string without a unit
    if not _DURATION.fullmatch(word):
        raise ValueError
    return word


def _num_ctx(value: Any) -> Any:
    """Take 0, which leaves Ollama's own window, and what is large enough to be one."""
    _number(value)
    if isinstance(value, str):
        value = int(value)
    if value and not 512 <= value <= 10_000_000:
        raise ValueError
    return value


def _tools(value: Any) -> str:
    """Read `text`, or `auto, qwen2.5-coder:7b=text`: one word for all, and one for some models."""
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004  # what is allowed is said elsewhere
    parts = [part.strip() for part in value.split(",") if part.strip()]
    general = [part.lower() for part in parts if "=" not in part]
    named = [part.rpartition("=") for part in parts if "=" in part]
    words = [*general, *(mode.strip().lower() for _, _, mode in named)]
    if len(general) > 1 or not words or not _TOOLS.issuperset(words):
        raise ValueError
    if not all(model.strip() for model, _, _ in named):
        raise ValueError
    return ", ".join(
        [*general, *(f"{model.strip()}={mode.strip().lower()}" for model, _, mode in named)]
    )


def _bind_host(value: Any) -> str:
    host = _text(value).removeprefix("[").removesuffix("]")
    if not _is_address(host) and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", host):
        raise ValueError
    return host


def _ollama_url(value: Any) -> str:
    word = _text(value)
    parts = urlsplit(word if "://" in word else f"http://{word}")
    if parts.scheme not in {"http", "https"} or parts.query or parts.fragment or " " in word:
        raise ValueError
    path = re.sub(r"/(?:v1|api)$", "", parts.path.rstrip("/")).rstrip("/")
    return urlunsplit((parts.scheme, _network_location(parts), path, "", ""))


Name = Annotated[str, BeforeValidator(_text)]
"""One line of text that is not empty."""

Secret = Annotated[str, BeforeValidator(_secret)]
"""Text that can stand in an HTTP header as it is."""

Integer = Annotated[int, BeforeValidator(_number)]
Window = Annotated[int, BeforeValidator(_num_ctx)]
"""A window in tokens; 0: Ollama's own."""
Seconds = Annotated[float, BeforeValidator(_number)]

KeepAlive = Annotated[str | int, BeforeValidator(_keep_alive)]
"""How long Ollama keeps a model: Go's durations, or seconds (below 0: for ever)."""

ToolsMode = Annotated[str, BeforeValidator(_tools)]
"""Who shows the tools to a model: one word, and `MODEL=word` for models that differ."""

Host = Annotated[str, BeforeValidator(_bind_host)]
"""A host name or an IP address, without brackets."""

OllamaUrl = Annotated[str, BeforeValidator(_ollama_url)]
"""Ollama's address in one form, from any of those in which people write it.

`OLLAMA_HOST` also says where Ollama itself listens, so it may be `0.0.0.0`, `:11434` or a bare
host; and an address copied from an OpenAI client ends in `/v1`.
"""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    if _is_address(host):
        return ip_address(host).is_loopback
    return host.lower() == "localhost"


def _network_location(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = _ANY_ADDRESS.get(host, host)
    port = parts.port if parts.port is not None else _default_port(parts.scheme)
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    shown = f"[{host}]" if ":" in host else host
    return f"{user}{shown}" + (f":{port}" if port else "")


def _default_port(scheme: str) -> int | None:
    """Ollama's port; but what answers HTTPS is another server before Ollama, on its usual port."""
    return _OLLAMA_PORT if scheme == "http" else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
