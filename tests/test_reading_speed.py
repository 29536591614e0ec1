"""How fast a model reads, and what that tells of its cache."""

import pytest

from ollama_claude_proxy.prompt_cache.reading_speed import ReadingSpeed
from ollama_claude_proxy.translate.request.plan import ExpectedCache

SECOND = 1_000_000_000


def test_the_fastest_of_the_last_readings_counts() -> None:
    speed = ReadingSpeed()
    assert speed.nanoseconds_per_token("m") is None
    speed.learn("m", 1000, 2 * SECOND)
    speed.learn("m", 1000, SECOND)
    speed.learn("m", 1000, 3 * SECOND)
    speed.learn("m", 100, 1)  # too few to tell
    assert speed.nanoseconds_per_token("m") == SECOND / 1000
    assert speed.nanoseconds_per_token("other") is None
    for _ in range(12):
        speed.learn("m", 1000, 2 * SECOND)
    assert speed.nanoseconds_per_token("m") == 2 * SECOND / 1000


def test_a_model_that_was_loaded_again_may_be_slower() -> None:
    speed = ReadingSpeed()
    speed.learn("m", 1000, SECOND)
    speed.learn("m", 1000, 5 * SECOND, anew=True)
    assert speed.nanoseconds_per_token("m") == 5 * SECOND / 1000


@pytest.mark.parametrize(
    ("expected", "milliseconds", "cached"),
    [
        (ExpectedCache(), 10_000, 0),
        (ExpectedCache(0.9), 0, 9000),
        (ExpectedCache(0.9), 8000, 9000),  # how fast it reads is not known
        (ExpectedCache(0.9, 9400), 0, 9400),
        (ExpectedCache(0.9, 20_000), 0, 9999),
        (ExpectedCache(0.9, 9000, 1e6), 1000, 9000),
        (ExpectedCache(0.9, 9000, 1e6), 1100, 9000),  # no clock is exact
        (ExpectedCache(0.9, 9000, 1e6), 1200, 8800),
        (ExpectedCache(0.9, 9000, 1e6), 8000, 2000),
        (ExpectedCache(0.9, 9000, 1e6), 20_000, 0),
        (ExpectedCache(0.9, 9000, 1e6), 10, 9000),  # it has not read more than it was sent
    ],
)
def test_what_was_read_for_too_long_was_not_cached(
    expected: ExpectedCache, milliseconds: int, cached: int
) -> None:
    assert expected.count(10_000, milliseconds * 1_000_000) == cached
