"""Stored bytes are compressed."""

from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.storage.compression import compress, decompress


@given(st.binary(max_size=5000))
def test_compressed_bytes_are_restored_exactly(body: bytes) -> None:
    assert decompress(compress(body)) == body
