"""Formatting of sizes, durations and times for people."""

from datetime import datetime

_UNIT_FACTOR = 1000  # as `ollama list` counts: 4.7 GB is 4,700,000,000 bytes


def format_bytes(count: float) -> str:
    """Return a number of bytes as `4.7 GB`."""
    for unit in ("B", "kB", "MB"):
        if count < _UNIT_FACTOR:
            return f"{count:.0f} {unit}"
        count /= _UNIT_FACTOR
    return f"{count:.1f} GB"


def format_seconds(seconds: float) -> str:
    """Return a duration as `45 s`, `3 min 20 s` or `2 h 5 min`."""
    whole_seconds = round(seconds)
    if whole_seconds < 60:
        return f"{whole_seconds} s"
    minutes, rest = divmod(whole_seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def format_time(timestamp: float) -> str:
    """Return a time in seconds since 1970 as local date and time."""
    return f"{datetime.fromtimestamp(timestamp).astimezone():%Y-%m-%d %H:%M}"
