"""Values as Go writes them: JSON, and what a template or `fmt` prints."""

import json
from decimal import Decimal
from typing import Any

_ESCAPED_CHARACTERS = "<>&\u2028\u2029"


def compact_json(value: Any) -> str:
    """Return Go's JSON, with the keys in the order of the value."""
    return escape_html(
        json.dumps(normalize_numbers(value), ensure_ascii=False, separators=(",", ":"))
    )


def spaced_json(value: Any) -> str:
    """Return Go's JSON with a space after each comma and colon, as many renderers write it."""
    return escape_html(plain_json(value))


def plain_json(value: Any) -> str:
    """Return JSON with spaces and without Go's escapes, as llama.cpp and models write it."""
    return json.dumps(normalize_numbers(value), ensure_ascii=False)


def escape_html(text: str) -> str:
    """Escape the characters that Go's JSON escapes because of HTML."""
    for character in _ESCAPED_CHARACTERS:
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def normalize_numbers(value: Any) -> Any:
    """Return a value with its numbers as Go reads them: 2.0 is 2, large ones lose digits."""
    if isinstance(value, dict):
        return {key: normalize_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [normalize_numbers(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = float(value)
    is_integer = number.is_integer() and abs(number) < 1e21
    return (
        int(Decimal(repr(number))) if is_integer else number
    )  # shortest digits, padded with zeros


def sort_keys(value: Any) -> Any:
    """Sort the keys of every object, because Go's maps have no order."""
    if isinstance(value, dict):
        return {key: sort_keys(value[key]) for key in sorted(value)}
    return [sort_keys(inner) for inner in value] if isinstance(value, list) else value


def format_value(value: Any) -> str:
    """Return what Go's `%v` prints: maps and slices in Go's notation, not in JSON."""
    if isinstance(value, dict):
        pairs = (f"{key}:{format_value(value[key])}" for key in sorted(value))
        return f"map[{' '.join(pairs)}]"
    if isinstance(value, list):
        return f"[{' '.join(format_value(inner) for inner in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_float(value)
    return "<nil>" if value is None else str(value)


def format_float(value: float) -> str:
    """Return a number as `%v` prints a float64: with an exponent from a million on."""
    number = Decimal(repr(float(value))).normalize()
    exponent = number.adjusted()
    if value and (exponent < -4 or exponent >= 6):
        digits = "".join(str(digit) for digit in number.as_tuple().digits)
        mantissa = f"{digits[0]}.{digits[1:]}".removesuffix(".")
        return f"{'-' if value < 0 else ''}{mantissa}e{exponent:+03}"
    return f"{number:f}"
