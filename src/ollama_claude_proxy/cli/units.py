"""Numbers for people."""

from datetime import datetime

_STEP = 1000  # as `ollama list` counts: 4.7 GB is 4,700,000,000 bytes


def bytes_text(count: float) -> str:
    """Give a number of bytes as `4.7 GB`."""
    for unit in ("B", "kB", "MB"):
        if count < _STEP:
            return f"{count:.0f} {unit}"
        count /= _STEP
    return f"{count:.1f} GB"


def seconds_text(seconds: float) -> str:
    """Give a time as `45 s`, `3 min 20 s` or `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def when(seconds: float) -> str:
    """Give a time since 1970 as the date and time here."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M}"
