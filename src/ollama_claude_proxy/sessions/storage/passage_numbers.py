"""How passages are numbered: those of a conversation and its forks are a range of numbers.

A root is the first message of a conversation and of all its forks.
"""

NumberRange = tuple[int, int]

# Bits for the passages of one root.
PASSAGE_BITS = 24


def numbers_of_root(root: int) -> NumberRange:
    """Return the first and the last number that passages of a root can have."""
    return root << PASSAGE_BITS, (root + 1 << PASSAGE_BITS) - 1


def root_of(number: int) -> int:
    """Return the root that a passage belongs to."""
    return number >> PASSAGE_BITS
