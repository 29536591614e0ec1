"""What share of the questions of each kind should be answered, in percent."""

# By words only; None: words cannot do it.
WORDS: dict[str, float | None] = {
    "rare words": 99, "decision": 95, "value now": 98, "undo": 92, "middle": 98, "list": 85,
    "order": 90, "pronoun": 80, "continue": 98, "German": 60, "pasted log": 97, "tool loop": 95,
    "paraphrase": None,
}  # fmt: skip
# By words and meaning.
MEANING: dict[str, float | None] = {
    "rare words": 99, "decision": 97, "value now": 98, "undo": 95, "middle": 98, "list": 88,
    "order": 92, "pronoun": 85, "continue": 98, "German": 85, "pasted log": 98, "tool loop": 95,
    "paraphrase": 85,
}  # fmt: skip
