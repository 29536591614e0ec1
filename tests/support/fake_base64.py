"""Go's base64 decoder, as far as it refuses."""

import string

_ALPHABET = frozenset(string.ascii_letters + string.digits + "+/")


def first_bad_byte(text: str) -> int | None:
    """Give where Go's decoder finds `text` to be no base64, or None."""
    plain = text.rstrip("=")
    for place, sign in enumerate(plain):
        if sign not in _ALPHABET:
            return place
    padded = len(text) % 4 == 0 and len(text) - len(plain) <= 2
    return None if padded else len(plain)
