"""The log: one line a request on stderr, as text for people or as JSON for machines."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ollama_claude_proxy.settings import Settings

_ROOT = "ollama_claude_proxy"
_FIELDS = "ocp_fields"  # the attribute of a record that carries key/value fields

_requests = logging.getLogger(f"{_ROOT}.request")


def configure(settings: Settings) -> None:
    """Send the log to stderr in the form and at the level that `settings` ask for.

    Our own modules speak from INFO on (DEBUG with `debug`), all other libraries from WARNING on.
    May be called again: the last call counts.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if settings.log_format == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_ROOT).setLevel(logging.DEBUG if settings.debug else logging.INFO)


def request_log(message: str = "request", /, **fields: Any) -> None:
    """Log one request, such as `POST /v1/messages`, with what is known of it; None is left out."""
    log(_requests, logging.INFO, message, **fields)


def log(logger: logging.Logger, level: int, message: str, /, **fields: Any) -> None:
    """Log `message` with key/value fields; None is left out."""
    if logger.isEnabledFor(level):
        known = {name: value for name, value in fields.items() if value is not None}
        logger.log(level, "%s", message, extra={_FIELDS: known})


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(record, _FIELDS, {})
    return fields


class _TextLines(logging.Formatter):
    """`12:30:59 INFO message key=value`; a value with spaces or control characters is quoted."""

    default_time_format = "%H:%M:%S"

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if not message.isprintable():
            message = json.dumps(message)[1:-1]  # a client's path may be in it
        words = [self.formatTime(record, self.default_time_format), record.levelname, message]
        words += (f"{name}={_word(value)}" for name, value in _fields(record).items())
        line = " ".join(words)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    plain = value if isinstance(value, str) else json.dumps(value, default=str)
    needs_quotes = not plain or not plain.isprintable() or any(sign in plain for sign in ' "=')
    return json.dumps(plain) if isinstance(value, str) and needs_quotes else plain


class _JsonLines(logging.Formatter):
    """One JSON object a line: `time` (ISO 8601, UTC), `level`, `logger`, `message`, the fields."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps({**_fields(record), **entry}, default=str)
