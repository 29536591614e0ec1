"""The errors of Go's base64 decoder."""

import string

_ALPHABET = frozenset(string.ascii_letters + string.digits + "+/")


def first_bad_byte(text: str) -> int | None:
    """Return the index at which Go's decoder refuses `text`, or None."""
    unpadded = text.rstrip("=")
    for index, character in enumerate(unpadded):
        if character not in _ALPHABET:
            return index
    is_padded = len(text) % 4 == 0 and len(text) - len(unpadded) <= 2
    return None if is_padded else len(unpadded)
