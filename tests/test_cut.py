"""Where a conversation is cut, by numbers alone."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.cut import (
    Cut,
    LaterLimit,
    PromptSizes,
    apply_cut,
    next_cut,
    opening_length,
)
from ollama_claude_proxy.sessions.fit_state import FitState, decode_fit_state, encode_fit_state
from ollama_claude_proxy.sessions.shrink import leave_turns
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolResultBlock, ToolUseBlock

LONG = "line\n" * 1000


def conversation(roles: str, result: str = "ok") -> list[Message]:
    """Return a message for each letter: a user, a system message, a call, or its result."""
    return [message(role, at, result) for at, role in enumerate(roles)]


def message(role: str, at: int, result: str) -> Message:
    match role:
        case "c":
            return Message("assistant", (ToolUseBlock(f"toolu_{at}", "Read", {}),))
        case "r":
            return Message("user", (ToolResultBlock(f"toolu_{at - 1}", (TextBlock(result),)),))
        case "a":
            return Message("assistant", (TextBlock(f"answer {at}"),))
    return Message({"u": "user", "s": "system"}[role], (TextBlock(f"request {at}"),))


def sizes(
    whole: Sequence[int], truncated: Sequence[int], head: int = 0, digest: int = 0
) -> PromptSizes:
    return PromptSizes.of(whole, truncated, head, digest)


def parted(messages: Sequence[Message]) -> list[str]:
    """Return the ids of results without their call, and of calls without their result."""
    blocks = [block for one in messages for block in one.content]
    calls = {block.id for block in blocks if isinstance(block, ToolUseBlock)}
    results = {block.tool_use_id for block in blocks if isinstance(block, ToolResultBlock)}
    return sorted(calls ^ results)


@pytest.mark.parametrize(
    ("roles", "length"),
    [("", 1), ("u", 1), ("uu", 2), ("ua", 1), ("usuca", 3), ("auau", 1), ("crcr", 1), ("sss", 3)],
)
def test_what_stands_before_the_models_first_turn_is_the_opening(roles: str, length: int) -> None:
    assert opening_length(conversation(roles)) == length


# Messages of 1, 2, 4, … tokens, of which one is left when it is truncated, so that each sum says
# what it is made of; a head of 1000 and a digest of 500.
POWERS = sizes([1, 2, 4, 8, 16, 32], [1, 1, 1, 1, 1, 1], head=1000, digest=500)


@pytest.mark.parametrize(
    ("cut", "opening", "tokens"),
    [
        (Cut(), 1, 1000 + 63),  # the opening is counted once, though no cut leaves it out
        (Cut(1), 1, 1000 + 63),
        (Cut(1, 1), 1, 1000 + 63),
        (Cut(1, 3), 1, 1000 + 1 + 2 + 8 + 16 + 32),
        (Cut(1, 6), 1, 1000 + 1 + 5),
        (Cut(2), 1, 1000 + 1 + 4 + 8 + 16 + 32 + 500),
        (Cut(3, 3), 1, 1000 + 1 + 8 + 16 + 32 + 500),
        (Cut(3, 5), 1, 1000 + 1 + 2 + 32 + 500),
        (Cut(5, 3), 1, 1000 + 1 + 32 + 500),
        (Cut(5, 6), 1, 1000 + 1 + 1 + 500),
        (Cut(3, 4), 3, 1000 + 7 + 1 + 16 + 32),
        (Cut(4, 4), 3, 1000 + 7 + 16 + 32 + 500),
    ],
)
def test_a_cut_prompt_has_its_head_its_opening_and_what_is_behind(
    cut: Cut, opening: int, tokens: int
) -> None:
    start = Cut(max(cut.left_until, opening), cut.truncated_until)
    assert POWERS.tokens_with_cut(start, opening) == tokens


class Case(NamedTuple):
    """A conversation, tokens of each message whole and truncated, and the cut that is right."""

    roles: str
    budget: int
    cut: Cut | None
    truncated: int = 100
    before: Cut = Cut()
    digest: int = 50


SIX = "uauauauauauau"  # turns begin at 1, 3, 5, 7, 9 and 11; the last four at 5
SIXTEEN = "u" + "au" * 16  # the last four begin at 25
CASES: dict[str, Case] = {
    "no turn of the model": Case("u", 1000, None),
    "no turn of the model, many messages": Case("usu", 10_000, None),
    "one turn that fits": Case("ua", 500, Cut(1, 1)),
    "one turn that fits only just": Case("uau", 300, Cut(1, 1)),
    "one turn that does not fit": Case("uau", 299, None),
    "room for all": Case(SIX, 2500, Cut(1, 5)),
    "early turns leave": Case(SIXTEEN, 6400, Cut(15, 25)),
    "all but the last four leave": Case(SIXTEEN, 3000, Cut(25, 25)),
    "all but three leave": Case(SIX, 2499, Cut(7, 7)),
    "all but the last leave": Case(SIX, 1100, Cut(11, 11)),
    "less than half is free, so only the last stays": Case(SIX, 874, Cut(11, 11)),
    "nothing is free": Case(SIX, 350, Cut(11, 11)),
    "what must stay does not fit": Case(SIX, 349, None),
    "truncating is enough": Case(SIX, 1780, Cut(1, 5), truncated=10),
    "truncating one turn more is enough": Case(SIX, 1779, Cut(1, 7), truncated=10, digest=0),
    "truncating more is enough": Case(SIX, 700, Cut(1, 11), truncated=10),
    "truncating more before a turn leaves": Case(SIX, 500, Cut(1, 11), truncated=0),
    "a cut stays at least where it was": Case(SIX, 100_000, Cut(7, 9), before=Cut(7, 9)),
    "only what was truncated stays so": Case(SIX, 100_000, Cut(1, 9), before=Cut(0, 9)),
    "a cut goes on": Case(SIX, 1399, Cut(11, 11), before=Cut(7, 9)),
    "a cut that leaves three turns": Case(SIX, 1400, Cut(7, 9), before=Cut(7, 9)),
    "a cut that cannot go on": Case(SIX, 100, None, before=Cut(11, 11)),
    "a longer opening": Case("usuauau", 2000, Cut(3, 3)),
    "only turns of the model are places": Case("uaauusua", 1499, Cut(7, 7)),
    "the model began": Case("auaua", 10_000, Cut(1, 2)),
    "messages between turns go with them": Case("uauuauauauau", 2299, Cut(6, 6)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_conversation_is_cut_where_its_turns_use_a_third_of_their_room(name: str) -> None:
    case = CASES[name]
    messages = conversation(case.roles)
    opening = opening_length(messages)
    truncated = [100] * opening + [case.truncated] * (len(messages) - opening)
    counted = sizes([100] * len(messages), truncated, digest=case.digest)
    assert next_cut(messages, counted, case.budget, case.before) == case.cut


@pytest.mark.parametrize(
    ("roles", "before", "places"),
    [
        ("u", Cut(), []),
        ("ua", Cut(), []),
        ("uauau", Cut(), [3]),
        (SIX, Cut(), [7, 9, 11]),
        (SIX, Cut(9, 9), [11]),
        (SIX, Cut(11, 11), []),
        ("ucrucrucr", Cut(), [4, 7]),
    ],
)
def test_half_of_the_turns_leave_at_a_time_down_to_the_newest(
    roles: str, before: Cut, places: list[int]
) -> None:
    messages, cut, found = conversation(roles), before, []
    while (further := leave_turns(messages, cut)) is not None:
        found.append(further.left_until)
        cut = further
    assert found == places


def shown(roles: str, cut: Cut) -> list[int]:
    """Return the characters of the results that a cut leaves."""
    behind = apply_cut(conversation(roles, LONG), cut)
    blocks = [block for one in behind for block in one.content]
    texts = [block.content[0] for block in blocks if isinstance(block, ToolResultBlock)]
    return [len(text.text) for text in texts if isinstance(text, TextBlock)]


def test_results_are_truncated_up_to_the_cut_and_whole_behind_it() -> None:
    whole = len(LONG)
    assert shown("ucrcrcr", Cut()) == [whole, whole, whole]
    first, second, third = shown("ucrcrcr", Cut(1, 4))
    assert (second, third) == (whole, whole)
    assert 1500 < first < 1800
    assert shown("ucrcrcr", Cut(1, 5)) == [first, first, whole]
    assert shown("ucrcrcr", Cut(3, 5)) == [first, whole]
    assert shown("ucrcrcr", Cut(5, 3)) == [whole]


def test_as_a_last_resort_the_newest_results_are_truncated_too() -> None:
    first, last = shown("ucrcr", Cut(1, 3, 300, 5))
    assert 200 < first < 500
    assert 200 < last < 500
    assert shown("ucrcr", Cut(1, 1, 300, 3))[1] == len(LONG)


def test_later_results_have_a_limit_from_a_message_on_and_truncated_ones_half_of_it() -> None:
    whole = len(LONG)
    assert shown("ucrcr", Cut(later=LaterLimit(1000, 4)))[0] == whole
    assert 800 < shown("ucrcr", Cut(later=LaterLimit(1000, 4)))[1] < 1200
    first, second, third = shown("ucrcrcr", Cut(1, 3, later=LaterLimit(1000, 5)))
    assert 400 < first < 700
    assert second == whole
    assert 800 < third < 1200
    assert shown("ucrcr", Cut(1, 3, later=LaterLimit(9000))) == shown("ucrcr", Cut(1, 3))


def test_the_newest_turn_is_spared_only_where_it_takes_a_third_of_the_room() -> None:
    messages = conversation("ucrcrcr")
    counted = sizes([100, 0, 1000, 0, 1000, 0, 1000], [100, 0, 10, 0, 10, 0, 10], digest=50)
    spared = LaterLimit(1000, len(messages))
    assert next_cut(messages, counted, 3600, Cut(), spared) == Cut(1, 5, later=spared)
    assert next_cut(messages, counted, 3100, Cut(), spared) == Cut(1, 5, later=spared)
    assert next_cut(messages, counted, 2000, Cut(), spared) is None
    assert next_cut(messages, counted, 2000, Cut(), LaterLimit(1000)) is not None


def test_the_opening_stays() -> None:
    messages = conversation("usuaua")
    assert apply_cut(messages, Cut()) == messages
    assert apply_cut(messages, Cut(1)) == messages
    assert apply_cut(messages, Cut(5)) == [*messages[:3], *messages[5:]]
    assert apply_cut(conversation("u"), Cut()) == conversation("u")


turns = st.lists(st.sampled_from(["a", "au", "cr", "crs", "cru", "auu", "cr"]), max_size=12)


@st.composite
def counted_conversations(draw: st.DrawFn) -> tuple[list[Message], PromptSizes]:
    roles = draw(st.sampled_from(["u", "uu", "us"])) + "".join(draw(turns))
    tokens = st.integers(0, 1000)
    whole = [draw(tokens) for _ in roles]
    truncated = [draw(st.integers(0, size)) for size in whole]
    return conversation(roles), sizes(whole, truncated, draw(tokens), draw(tokens))


@given(counted_conversations(), st.lists(st.integers(0, 12_000), min_size=1, max_size=5))
def test_any_cut_fits_moves_forward_and_leaves_whole_turns(
    counted: tuple[list[Message], PromptSizes], budgets: list[int]
) -> None:
    messages, tokens = counted
    opening = opening_length(messages)
    places = {opening, *(at for at, one in enumerate(messages) if one.role == "assistant")}
    before = Cut()
    for budget in budgets:
        cut = next_cut(messages, tokens, budget, before)
        if cut is None:
            assert not tokens_fit_anywhere(messages, tokens, budget, before)
            continue
        assert tokens.tokens_with_cut(cut, opening) <= budget
        assert cut.left_until >= before.left_until
        assert cut.truncated_until >= before.truncated_until
        assert cut.left_until in places
        assert cut.result_characters == 0
        behind = apply_cut(messages, cut)
        assert behind
        assert behind[-1] == messages[-1] or len(messages) <= cut.truncated_until
        assert parted(behind) == parted(messages)
        before = cut


def tokens_fit_anywhere(
    messages: Sequence[Message], tokens: PromptSizes, budget: int, before: Cut
) -> bool:
    """Whether the newest turn fits where all before it left or is truncated."""
    opening = opening_length(messages)
    replies = [at for at, one in enumerate(messages) if one.role == "assistant" and at >= opening]
    if not replies or before.left_until > replies[-1]:
        return False
    cut = Cut(replies[-1], max(replies[-1], before.truncated_until))
    return tokens.tokens_with_cut(cut, opening) <= budget


@given(counted_conversations(), st.integers(0, 12_000), st.integers(0, 12_000))
def test_a_larger_budget_never_loses_a_cut_and_never_leaves_more_than_the_last_resort(
    counted: tuple[list[Message], PromptSizes], budget: int, more: int
) -> None:
    messages, tokens = counted
    small = next_cut(messages, tokens, budget, Cut())
    large = next_cut(messages, tokens, budget + more, Cut())
    if small is not None:
        assert large is not None
        assert large.truncated_until <= small.truncated_until
        last = small
        while (further := leave_turns(messages, last)) is not None:
            assert further.left_until > last.left_until
            last = further
        assert parted(apply_cut(messages, last)) == []


def test_a_state_is_read_by_the_names_under_which_it_was_always_kept() -> None:
    state = FitState(Cut(3, 5, 256), "mark", "digest", ["Deploy"], "summary", 7, {"hash": "text"})
    kept = (
        b'{"cut":{"left":3,"short":5,"tight":256},"mark":"mark","digest":"digest",'
        b'"tools":["Deploy"],"summary":"summary","summarised":7,"loaded":{"hash":"text"}}'
    )
    assert decode_fit_state(kept) == state
    assert encode_fit_state(state) == kept.replace(
        b'"tight":256', b'"tight":256,"limited":0,"text":0,"later":[0,0]'
    )


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b'{"cut":7}', b'{"cut":{"left":"x"}}'])
def test_a_state_that_cannot_be_read_counts_as_none(kept: bytes) -> None:
    assert decode_fit_state(kept) == FitState()
