"""Work that an answer can do without."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


@contextmanager
def best_effort(problem: str) -> Iterator[None]:
    """Log a failure with the `problem` and go on: no turn fails because of what is remembered."""
    try:
        yield
    except Exception:
        logger.exception("%s; this turn continues without it", problem)
