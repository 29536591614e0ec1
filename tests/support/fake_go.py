"""Values as Go writes them: JSON, and what a template or `fmt` prints."""

import json
from decimal import Decimal
from typing import Any

_ESCAPED = "<>&\u2028\u2029"


def compact(value: Any) -> str:
    """Give Go's JSON; the order of keys is the value's own."""
    return escaped(json.dumps(numbers(value), ensure_ascii=False, separators=(",", ":")))


def spaced(value: Any) -> str:
    """The same with a space behind each comma and colon, as many renderers write it."""
    return escaped(plain(value))


def plain(value: Any) -> str:
    """Give JSON with spaces and without Go's escapes, as llama.cpp and models write it."""
    return json.dumps(numbers(value), ensure_ascii=False)


def escaped(text: str) -> str:
    """Escape what Go's JSON escapes for the sake of HTML."""
    for sign in _ESCAPED:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def numbers(value: Any) -> Any:
    """Give a value as it is once Go has read its numbers: 2.0 is 2, large ones lose digits."""
    if isinstance(value, dict):
        return {key: numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [numbers(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = float(value)
    whole = number.is_integer() and abs(number) < 1e21
    return int(Decimal(repr(number))) if whole else number  # the shortest digits, and zeros


def all_sorted(value: Any) -> Any:
    """Sort the keys of every object: Go's maps have no order of their own."""
    if isinstance(value, dict):
        return {key: all_sorted(value[key]) for key in sorted(value)}
    return [all_sorted(inner) for inner in value] if isinstance(value, list) else value


def printed(value: Any) -> str:
    """Give what Go's `%v` prints: maps and slices in its own notation, not in JSON's."""
    if isinstance(value, dict):
        pairs = (f"{key}:{printed(value[key])}" for key in sorted(value))
        return f"map[{' '.join(pairs)}]"
    if isinstance(value, list):
        return f"[{' '.join(printed(inner) for inner in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return printed_number(value)
    return "<nil>" if value is None else str(value)


def printed_number(value: float) -> str:
    """Give a number as `%v` prints a float64: from a million on with an exponent."""
    number = Decimal(repr(float(value))).normalize()
    exponent = number.adjusted()
    if value and (exponent < -4 or exponent >= 6):
        digits = "".join(str(digit) for digit in number.as_tuple().digits)
        mantissa = f"{digits[0]}.{digits[1:]}".removesuffix(".")
        return f"{'-' if value < 0 else ''}{mantissa}e{exponent:+03}"
    return f"{number:f}"
