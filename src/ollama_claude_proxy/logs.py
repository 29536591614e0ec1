"""The log on stderr: one line per request, as text for people or as JSON for machines."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ollama_claude_proxy.settings import Settings

_ROOT_LOGGER = "ollama_claude_proxy"
_FIELDS = "ocp_fields"  # the attribute of a log record with its key/value fields

_request_logger = logging.getLogger(f"{_ROOT_LOGGER}.request")


def configure(settings: Settings) -> None:
    """Send the log to stderr in the format and at the level of `settings`.

    The level is INFO for this package (DEBUG with `debug`), WARNING for all other libraries.
    It may be called again: the last call wins.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if settings.log_format == "json" else _TextFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_ROOT_LOGGER).setLevel(logging.DEBUG if settings.debug else logging.INFO)


def request_log(message: str = "request", /, **fields: Any) -> None:
    """Log a request, such as `POST /v1/messages`, with key/value fields; None is left out."""
    log(_request_logger, logging.INFO, message, **fields)


def log(logger: logging.Logger, level: int, message: str, /, **fields: Any) -> None:
    """Log `message` with key/value fields; None is left out."""
    if logger.isEnabledFor(level):
        set_fields = {name: value for name, value in fields.items() if value is not None}
        logger.log(level, "%s", message, extra={_FIELDS: set_fields})


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(record, _FIELDS, {})
    return fields


class _TextFormatter(logging.Formatter):
    """`12:30:59 INFO message key=value`; a value with spaces or control characters is quoted."""

    default_time_format = "%H:%M:%S"

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if not message.isprintable():
            message = json.dumps(message)[1:-1]  # it may contain a client's path
        parts = [self.formatTime(record, self.default_time_format), record.levelname, message]
        parts += (f"{name}={_format_value(value)}" for name, value in _fields(record).items())
        line = " ".join(parts)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _format_value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    needs_quotes = not text or not text.isprintable() or any(char in text for char in ' "=')
    return json.dumps(text) if isinstance(value, str) and needs_quotes else text


class _JsonFormatter(logging.Formatter):
    """One JSON object per line: `time` (ISO 8601, UTC), `level`, `logger`, `message`, fields."""

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
