"""Messages are hashed as a chain and restored exactly."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.block_text import block_text
from ollama_claude_proxy.sessions.message_chain import (
    canonical_block,
    chain_messages,
    parse_stored,
    restore_raw,
)
from ollama_claude_proxy.wire.anthropic import parse_message

BLOCKS = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, st.text()),
    st.builds(
        lambda name, arguments: {
            "type": "tool_use",
            "id": name,
            "name": "Read",
            "input": arguments,
        },
        st.text(),
        st.dictionaries(st.text(), st.text() | st.integers() | st.none()),
    ),
    st.builds(
        lambda name, text: {"type": "tool_result", "tool_use_id": name, "content": text},
        st.text(),
        st.text(),
    ),
    st.builds(lambda extra: extra | {"type": "of tomorrow"}, st.dictionaries(st.text(), st.text())),
)


@given(BLOCKS)
def test_a_stored_block_is_restored_exactly(block: dict[str, Any]) -> None:
    assert restore_raw(*canonical_block(block)) == block
    assert isinstance(block_text(parse_stored(block)), str)


@given(st.lists(BLOCKS, max_size=5))
def test_cache_marks_and_thinking_do_not_change_the_hash_of_a_message(
    blocks: list[dict[str, Any]],
) -> None:
    marked = [block | {"cache_control": {"type": "ephemeral"}} for block in blocks]
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    plain_chain = chain_messages([parse_message("user", blocks)])
    marked_chain = chain_messages([parse_message("user", [thinking, *marked])])
    assert plain_chain[0].hash == marked_chain[0].hash


def test_the_hash_of_a_message_depends_on_the_messages_before_it() -> None:
    hello, bye = parse_message("user", "Hello."), parse_message("user", "Bye.")
    assert chain_messages([hello, bye])[1].hash != chain_messages([bye])[0].hash
    both = chain_messages([hello, bye])
    assert chain_messages([bye], both[0].hash)[0].hash == both[1].hash
    assert (
        chain_messages([parse_message("user", [{"type": "text", "text": "Hello.\n"}])])[0].hash
        == both[0].hash
    )
    assert chain_messages([parse_message("assistant", "Hello.")])[0].hash != both[0].hash
