"""Values from between tags."""


def trim_line_breaks(value: str) -> str:
    """Return a value that stands in lines of its own without the line breaks around it."""
    for line_break in ("\r\n", "\n"):
        if value.startswith(line_break):
            return value[len(line_break) :].removesuffix("\n").removesuffix("\r")
    return value
