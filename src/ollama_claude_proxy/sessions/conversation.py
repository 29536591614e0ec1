"""What of a long conversation a model is shown: what fits, and what matters now.

A conversation is cut somewhere, and behind the cut passages were loaded, each at the message where
it was wanted. Both are kept, so that every later prompt begins as the one before, also after a
restart. A conversation whose beginning has changed (rewound, compacted) is cut anew.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import chain as join

from msgspec.structs import replace

from ollama_claude_proxy.sessions.block_text import message_text
from ollama_claude_proxy.sessions.cut import (
    CountTokens,
    Cut,
    PromptSizes,
    apply_cut,
    opening_length,
)
from ollama_claude_proxy.sessions.digest import found_tools, max_digest_tokens
from ollama_claude_proxy.sessions.fit_state import (
    ConversationKey,
    FitStateStore,
    FitSummary,
    encode_fit_state,
    matching_state,
)
from ollama_claude_proxy.sessions.fitted_turn import FittedTurn
from ollama_claude_proxy.sessions.message_chain import ChainedMessage, chain_messages
from ollama_claude_proxy.sessions.pace import next_paced_cut
from ollama_claude_proxy.sessions.pinned import changed_rules, continues_summary, pinned_words
from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.passages import format_passages
from ollama_claude_proxy.sessions.recall.question import Question, last_question
from ollama_claude_proxy.sessions.recall.recall import Recalled, RecallQuery, recall
from ollama_claude_proxy.sessions.recall.search_scope import PassageIndex, QueryVector
from ollama_claude_proxy.sessions.shrink import smaller_cut
from ollama_claude_proxy.sessions.stand_in import stand_in
from ollama_claude_proxy.sessions.truncate import truncate_results
from ollama_claude_proxy.wire.anthropic import Message
from ollama_claude_proxy.wire.blocks import TextBlock, ToolReferenceBlock

MakeChain = Callable[[Sequence[Message]], list[ChainedMessage]]


class Conversation:
    """A conversation as the client sent it, and what of it is shown.

    `changed` tells that it is fitted in another way than was kept.
    """

    def __init__(
        self,
        states: FitStateStore,
        index: PassageIndex,
        key: ConversationKey,
        messages: Sequence[Message],
        make_chain: MakeChain = chain_messages,
    ) -> None:
        self.key = key
        self._make_chain = make_chain
        self._messages = messages
        self._opening = opening_length(messages)
        self._states = states
        self._index = index
        self._stored_state = states.fit_state(key.identity, key.model)
        self._state = matching_state(self._stored_state, self._mark)
        self._cut_before, self._recalled = self._state.cut, Recalled()
        self._recall_within: Callable[[int], Recalled] = lambda _: Recalled()
        self._was_cut_now = self._tried_regular_cut = self._shows_less = False
        self._has_fewer_passages = self.changed = False

    @cached_property
    def chain(self) -> list[ChainedMessage]:
        """The messages as a chain; made when needed, because a long one takes a millisecond."""
        return self._make_chain(self._messages)

    @property
    def is_cut(self) -> bool:
        """Whether something of it is left out or shortened."""
        return self._state.cut != Cut()

    @cached_property
    def _was_compacted(self) -> bool:
        """Whether the client replaced its beginning by a summary."""
        is_continued = bool(self.key.session) and continues_summary(self._messages)
        return is_continued and self._index.has_earlier(self.key.identity, self.chain[0].hash)

    @property
    def roots(self) -> list[int]:
        """The roots of the passages that were kept of it."""
        scope = self._index.scope(self.key.identity, project=False)
        return [] if scope is None else scope.all_roots

    @property
    def fit_summary(self) -> FitSummary | None:
        """What was done so that it fits; None where nothing was."""
        cut, loaded = self._state.cut, len(self._loaded())
        is_new = self._was_cut_now or self._shows_less
        return FitSummary.of(self._messages, cut, loaded=loaded, is_new_cut=is_new)

    @property
    def question(self) -> Question:
        """What is asked, and so searched for."""
        return last_question(self._messages, with_request=self._was_cut_now)

    def shown_messages(self) -> list[Message]:
        """Return the messages that the model is shown."""
        messages = apply_cut(self._with_passages(), self._state.cut)
        if self._state.digest and self._state.cut.left_until > self._opening:
            tools = map(ToolReferenceBlock, self._state.tools)
            messages[0] = messages[0].with_blocks(TextBlock(self._state.digest), *tools)
        return messages

    def fixed_tokens(self, count_tokens: CountTokens, prompt_tokens: int) -> int:
        """Return the tokens of what never leaves, of a prompt that has so many now."""
        shown = sum(count_tokens(message_text(message)) for message in self.shown_messages())
        return max(prompt_tokens - shown, 0) + self._opening_tokens(count_tokens)

    def shrink(self, count_tokens: CountTokens, prompt_tokens: int, budget: int) -> bool:
        """Show less, because the prompt does not fit; False where nothing more can go.

        First the regular cut, so that two thirds of the room for turns are free again, unless fewer
        passages are enough. Then the passages of this turn, the digest, and results, turns and the
        user's texts get shorter. `count_tokens` counts a text, `prompt_tokens` is what there is.
        """
        excess = self.characters_of(count_tokens, prompt_tokens - budget)
        loaded = sum(len(passage.text) for passage in self._recalled.ranked)
        # a little more than what was loaded is not worth a cut, which is read again
        if loaded > 2 * excess and self._shrink_passages(excess):
            return True
        if self.cut(count_tokens, prompt_tokens, budget):
            return True
        if self._shrink_passages(excess) or self._drop_digest():
            return True
        pinned = pinned_words(self._messages, self._opening, self._state.cut.left_until)
        cut = smaller_cut(self._messages, self._state.cut, excess, pinned)
        if cut is not None:
            self._cut(cut, tokens=0)
        return cut is not None

    def needs_passages(self, *, project: bool) -> bool:
        """Whether the newest message may need what is not shown, and was not searched for yet."""
        is_hidden = project or self.is_cut or self._was_compacted
        is_asked = is_hidden and self._messages[-1].role != "assistant" and bool(self.question.text)
        return is_asked and self.chain[-1].name not in self._state.loaded

    def load_passages(
        self, max_characters: int, *, project: bool = False, vector: QueryVector | None = None
    ) -> None:
        """Find what the newest message needs of what is not shown, once."""
        if not self.needs_passages(project=project):
            return
        query = RecallQuery(
            self.question,
            EarlierTurns(self._messages, self._opening, self._state.cut.left_until),
            "\n".join(map(message_text, self.shown_messages())),
            max_characters,
            vector,
        )
        newest = self.chain[-1].hash
        scope = self._index.scope(self.key.identity, project=project, newest=newest)

        def recall_within(room: int) -> Recalled:
            return recall(self._index, scope, replace(query, max_characters=room))

        self._recall_within, self._recalled = recall_within, recall_within(max_characters)
        self.changed = self.changed or bool(self._recalled.terms)
        if self._recalled.ranked:
            self._state.loaded[self.chain[-1].name] = format_passages(self._recalled.passages)

    @property
    def summary(self) -> str:
        """What the model wrote of what left; empty where it was not asked."""
        return self._state.summary

    @property
    def unsummarized(self) -> str:
        """The text of what left and is in no summary yet."""
        start = max(self._opening, self._state.summarized_until)
        left = self._messages[start : self._state.cut.left_until]
        texts = (f"{message.role}: {message_text(truncate_results(message))}" for message in left)
        return "\n\n".join(texts)

    def keep_summary(self, summary: str) -> None:
        """Keep a summary of all that left, unless the conversation went on meanwhile.

        It is shown from the next cut on.
        """
        if self._states.fit_state(self.key.identity, self.key.model) != self._stored_state:
            return
        self._state.summary = summary
        self._state.summarized_until = self._state.cut.left_until
        self.changed = True
        self.keep_fit()

    def keep_fit(self) -> None:
        """Keep how it was fitted; what was loaded for messages that left is not needed any more."""
        if not self.changed:
            return
        key, loaded = self.key, self._state.loaded
        names = (self.chain[index].name for index in self._shown_numbers())
        self._state.loaded = {name: loaded[name] for name in names if name in loaded}
        self._stored_state = encode_fit_state(self._state)
        self._states.keep_fit_state(key.identity, key.model, self._stored_state)
        report = FittedTurn.of(self._cut_before, self._state.cut, self._opening, self._recalled)
        if not report.is_empty:
            self._states.keep_fitted_turn(key.identity, key.model, self.chain[-1].hash, report)

    def _mark(self, cut: Cut) -> str | None:
        """Return the name of the messages that a cut depends on; None where there are fewer."""
        count = cut.depends_on
        if count > len(self._messages):
            return None
        return self.chain[count - 1].name if count else ""

    def cut(self, count_tokens: CountTokens, prompt_tokens: int, budget: int) -> bool:
        """Make the regular cut, once a turn; return whether there is one."""
        if self._tried_regular_cut:
            return False
        self._tried_regular_cut = True
        fixed = self.fixed_tokens(count_tokens, prompt_tokens)
        head, room = fixed - self._opening_tokens(count_tokens), max(budget - fixed, 0)
        rules = count_tokens("\n\n".join(changed_rules(self._messages)))
        digest, messages = max_digest_tokens(room), self._with_passages()
        measure = partial(PromptSizes.measured, messages, count_tokens, head, digest + rules)
        characters = self.characters_of(count_tokens, room)
        cut = next_paced_cut(self._messages, measure, budget, self._state.cut, characters)
        if cut is None or cut == self._state.cut:
            return False
        self._cut(cut, digest)
        self._state.loaded.pop(self.chain[-1].name, None)  # more left: search again
        return True

    def _opening_tokens(self, count_tokens: CountTokens) -> int:
        opening = self._with_passages()[: self._opening]
        return sum(count_tokens(message_text(message)) for message in opening)

    def _shrink_passages(self, excess: int) -> bool:
        """Load less for the newest message; return whether there was more.

        The first time so much less as there is too much, then nothing.
        """
        name = self.chain[-1].name
        loaded = self._state.loaded.get(name)
        if not loaded:
            return False
        room = 0 if self._has_fewer_passages else len(loaded) - excess - len(loaded) // 10
        self._recalled = self._recall_within(room) if room > 0 else Recalled()
        kept = format_passages(self._recalled.passages)
        self._state.loaded[name] = kept if len(kept) < len(loaded) else ""  # not searched again
        self._has_fewer_passages = self._shows_less = self.changed = True
        return True

    def _drop_digest(self) -> bool:
        """Shorten the digest to its first line; return whether it was longer."""
        digest = stand_in(self._messages, self._opening, self._state.cut, self._state, 0)
        if len(digest) >= len(self._state.digest):
            return False
        self._state.digest, self.changed, self._shows_less = digest, True, True
        return True

    def characters_of(self, count_tokens: CountTokens, tokens: int) -> int:
        """Return about how many characters of this conversation's turns have so many tokens."""
        messages = self.shown_messages()
        text = "\n".join(map(message_text, messages[self._opening :] or messages))
        return int(tokens * len(text) / max(count_tokens(text), 1)) + 1

    def _cut(self, cut: Cut, tokens: int) -> None:
        self._state.cut = cut
        self._state.mark = self._mark(cut) or ""
        self._state.digest = stand_in(self._messages, self._opening, cut, self._state, tokens)
        self._state.tools = found_tools(self._messages[self._opening : cut.left_until])
        self._was_cut_now = self.changed = True

    def _with_passages(self) -> list[Message]:
        """Return all messages, with the passages that were loaded at them."""
        messages = list(self._messages)
        for index, text in self._loaded().items():
            messages[index] = messages[index].with_blocks(TextBlock(text))
        return messages

    def _loaded(self) -> dict[int, str]:
        """Return the texts that were loaded, by message; what left took its passages along."""
        if not self._state.loaded:
            return {}
        return {
            index: text
            for index in self._shown_numbers()
            if (text := self._state.loaded.get(self.chain[index].name))
        }

    def _shown_numbers(self) -> Iterator[int]:
        """Return the numbers of the messages that are shown."""
        left_until = max(self._state.cut.left_until, self._opening)
        return join(range(self._opening), range(left_until, len(self._messages)))
