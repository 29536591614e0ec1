"""Readers of single values: each takes what a flag, a variable or TOML holds, and gives the value.

A reader raises ValueError when the value is not allowed; what *is* allowed is said once, in words,
in `settings/keys.py`.
"""

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

Reader = Callable[[Any], Any]

_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
# Go's time.ParseDuration, which reads Ollama's keep_alive
_DURATION = re.compile(r"-?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
_OLLAMA_PORT = 11434
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # read, not bound


def text(value: Any) -> str:
    """Read one line of text that is not empty."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value.strip()


def secret(value: Any) -> str:
    """Read text that can stand in an HTTP header as it is."""
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError
    return value


def switch(value: Any) -> bool:
    """Read on or off."""
    if isinstance(value, bool):
        return value
    known = _SWITCHES.get(str(value).strip().lower())
    if known is None:
        raise ValueError
    return known


def integer(minimum: int, maximum: int) -> Reader:
    """Read a whole number within bounds."""

    def read(value: Any) -> int:
        if isinstance(value, (bool, float)):
            raise ValueError  # noqa: TRY004  # one kind of failure for all readers
        number = int(value)
        if not minimum <= number <= maximum:
            raise ValueError
        return number

    return read


def seconds(minimum: float, maximum: float) -> Reader:
    """Read a number of seconds within bounds."""

    def read(value: Any) -> float:
        if isinstance(value, bool):
            raise ValueError  # noqa: TRY004  # one kind of failure for all readers
        number = float(value)
        if not minimum <= number <= maximum:
            raise ValueError
        return number

    return read


def choice(*allowed: str) -> Reader:
    """Read one of a few words."""

    def read(value: Any) -> str:
        word = text(value).lower()
        if word not in allowed:
            raise ValueError
        return word

    return read


def keep_alive(value: Any) -> str | int:
    """Read how long Ollama keeps a model: Go's durations, or seconds (below 0: for ever)."""
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004  # one kind of failure for all readers
    word = str(value).strip()
    if re.fullmatch(r"-?\d+", word):
        return int(word)  # Ollama refuses a string without a unit
    if not _DURATION.fullmatch(word):
        raise ValueError
    return word


def bind_host(value: Any) -> str:
    """Read a host name or an IP address, without brackets."""
    host = text(value).removeprefix("[").removesuffix("]")
    if not _is_address(host) and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", host):
        raise ValueError
    return host


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    if _is_address(host):
        return ip_address(host).is_loopback
    return host.lower() == "localhost"


def ollama_url(value: Any) -> str:
    """Give Ollama's address in one form, from any of those in which people write it.

    `OLLAMA_HOST` also says where Ollama itself listens, so it may be `0.0.0.0`, `:11434` or a bare
    host; and an address copied from an OpenAI client ends in `/v1`.
    """
    word = text(value)
    parts = urlsplit(word if "://" in word else f"http://{word}")
    if parts.scheme not in {"http", "https"} or parts.query or parts.fragment or " " in word:
        raise ValueError
    path = re.sub(r"/(?:v1|api)$", "", parts.path.rstrip("/")).rstrip("/")
    return urlunsplit((parts.scheme, _network_location(parts), path, "", ""))


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
