"""From the bytes of a request to its plan: parse, identify the caller, choose the model, plan."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ollama_claude_proxy.engine.caller import Caller, identify_caller, is_subagent
from ollama_claude_proxy.engine.model_services import ModelServices
from ollama_claude_proxy.engine.small_jobs import SmallJobs
from ollama_claude_proxy.engine.turn_record import TurnRecord
from ollama_claude_proxy.engine.vocabulary_loader import VocabularyLoader
from ollama_claude_proxy.engine.window_fitter import FitRequest, FittedPlan, WindowFitter
from ollama_claude_proxy.prompt_cache.prefix import PrefixMatch, new_prompt
from ollama_claude_proxy.prompt_cache.prompt_cache import PromptCache
from ollama_claude_proxy.sessions.conversation import Conversation
from ollama_claude_proxy.translate.policy import Policy
from ollama_claude_proxy.translate.request.build_plan import build_plan
from ollama_claude_proxy.translate.request.plan import ExpectedCache, Plan
from ollama_claude_proxy.translate.tokens import CountPromptTokens
from ollama_claude_proxy.upstream.catalog import context_window
from ollama_claude_proxy.upstream.scheduler import Priority
from ollama_claude_proxy.upstream.template_facts_store import TemplateFactsStore
from ollama_claude_proxy.wire.anthropic import Message, MessagesRequest, parse_request
from ollama_claude_proxy.wire.chat import ChatMessage, ToolDefinition
from ollama_claude_proxy.wire.model import ModelProfile

_CUT = "the window was full: early turns left the prompt"


class PlannedRequest(Struct, frozen=True):
    """A request, who sent it, what will be asked of the model, and its record.

    `match` tells how much of the prompt the model was shown before, `conversation` is what the
    answer is kept with (None: nothing). `refit` plans it again after the backend refused the prompt
    with its count of tokens; it returns None where nothing more can go.
    """

    request: MessagesRequest
    caller: Caller
    plan: Plan
    match: PrefixMatch
    conversation: Conversation | None
    record: TurnRecord
    refit: "Refit | None" = None

    @property
    def begins_session(self) -> bool:
        """Whether it is the first request of a client's own session, with tools."""
        caller, request = self.caller, self.request
        replies = any(message.role == "assistant" for message in request.messages)
        is_main = caller.is_named and caller.priority is Priority.MAIN
        return is_main and bool(request.tools) and not replies


Refit = Callable[[int], Awaitable[PlannedRequest | None]]


class ModelKnowledge(Struct, frozen=True):
    """What is found out about models: what their templates do, and their vocabularies."""

    template_facts: TemplateFactsStore
    vocabularies: VocabularyLoader


class Planner:
    """Plans requests."""

    def __init__(
        self,
        services: ModelServices,
        knowledge: ModelKnowledge,
        prompt_cache: PromptCache,
        small_jobs: SmallJobs,
        window: WindowFitter,
    ) -> None:
        self._settings = services.settings
        self._upstream = services.upstream
        self._catalog = services.catalog
        self._knowledge = knowledge
        self._prompt_cache = prompt_cache
        self._small_jobs = small_jobs
        self._window = window

    async def plan(
        self, headers: Mapping[str, str], body: bytes, *, may_load: bool = True
    ) -> PlannedRequest:
        """Parse and plan a Messages request; raises what the client must see.

        The names of `headers` are in lower case. `may_load`: the model may be loaded to see what
        its template does.
        """
        request = parse_request(body)
        profile = await self._catalog.resolve(request.model, subagent=is_subagent(headers))
        caller = identify_caller(headers, request)
        if may_load:
            profile = await self._small_jobs.choose_model(
                caller, request.model, profile, body_bytes=len(body)
            )
        self._knowledge.vocabularies.start(profile)
        matches: list[PrefixMatch] = []
        policy = await self._policy(profile, self._counter(profile, caller, matches), may_load)
        await self._knowledge.vocabularies.wait(profile)

        def make_plan(messages: Sequence[Message]) -> Plan:
            shown = replace(request, messages=tuple(messages))
            return build_plan(shown, profile, policy, whole=request)

        wanted = FitRequest(request, caller, profile.name, policy.window)
        fits = self._window.fit(wanted, make_plan) if may_load else None
        fitted = FittedPlan(make_plan(request.messages)) if fits is None else await fits
        match = _explained(matches[-1], fitted)  # of the plan that was made last
        plan = self._finished(fitted.plan, match, caller)
        record = _new_record(request, caller, replace(fitted, plan=plan), match, len(body))
        planned = PlannedRequest(request, caller, plan, match, fitted.conversation, record)

        async def refit(tokens: int) -> PlannedRequest | None:
            nonlocal planned
            sent = planned.plan.model_request
            self._prompt_cache.counter.correct(
                profile.name, sent.messages, sent.tools, planned.match, tokens
            )
            smaller = await self._window.fit(wanted, make_plan)
            if smaller.fit is None or not smaller.fit.is_new_cut:
                return None
            match = _explained(matches[-1], smaller)
            plan = self._finished(smaller.plan, match, caller)
            record.plan_again(plan, match, smaller.fit)
            planned = replace(planned, plan=plan, match=match, conversation=smaller.conversation)
            return planned

        planned = replace(planned, refit=refit if may_load else None)
        return planned

    def _finished(self, plan: Plan, match: PrefixMatch, caller: Caller) -> Plan:
        """Return a plan with what is known of the prompts before it."""
        return self._with_same_thinking(
            replace(plan, expected_cache=self._expected(plan, match)), caller
        )

    def _expected(self, plan: Plan, match: PrefixMatch) -> ExpectedCache:
        continued = match.continued
        tokens = continued.known_tokens if continued is not None and continued.tokens else None
        speed = self._prompt_cache.speed.nanoseconds_per_token(plan.model)
        return ExpectedCache(match.share, tokens, speed)

    def _counter(
        self, profile: ModelProfile, caller: Caller, matches: list[PrefixMatch]
    ) -> CountPromptTokens:
        """Return what counts a prompt's tokens; it appends to `matches` how the prompt compares."""

        def count_tokens(messages: Sequence[ChatMessage], tools: Sequence[ToolDefinition]) -> int:
            prompt = new_prompt(messages, tools)
            match = self._prompt_cache.history.match(profile.name, caller.conversation, prompt)
            matches.append(match)
            return self._prompt_cache.counter.count(profile.name, messages, tools, match)

        return count_tokens

    def _with_same_thinking(self, plan: Plan, caller: Caller) -> Plan:
        """Keep the level of thinking that a conversation began with.

        Templates write it into the prompt, some at its beginning: a change reads all of it again.
        """
        if (
            not caller.is_named
            or plan.model_request.think is None
            or plan.model_request.schema is not None
        ):
            return plan
        own = self._prompt_cache.history.of_conversation(plan.model, caller.conversation)
        if own is None or own.prompt.think is None:
            return plan
        return replace(plan, model_request=replace(plan.model_request, think=own.prompt.think))

    async def _window_of(self, profile: ModelProfile) -> int:
        """Return the window in tokens: the loaded model's own, where it is left alone."""
        if self._settings.leaves_window:
            for loaded in await self._upstream.loaded():
                if loaded.is_called(profile.name) and loaded.context_length:
                    return loaded.context_length
        return context_window(profile, self._settings)

    async def _policy(
        self, profile: ModelProfile, count_tokens: CountPromptTokens, may_load: bool
    ) -> Policy:
        settings = self._settings
        window = await self._window_of(profile)
        if may_load:
            facts = await self._knowledge.template_facts.facts(
                profile,
                window=None if settings.leaves_window else window,
                keep_alive=settings.keep_alive,
            )
        else:
            facts = await self._knowledge.template_facts.known(profile)
        return Policy(
            window=window,
            leaves_window=settings.leaves_window,
            keep_alive=settings.keep_alive,
            tools=settings.tools_for(profile.name),
            descriptions=settings.descriptions,
            tool_example=settings.tool_example,
            read_calls=settings.read_calls,
            second_chances=settings.second_chances,
            repeated_calls=settings.repeated_calls,
            edit_repair=settings.edit_repair,
            inert=settings.inert,
            template_facts=facts,
            recall_turn=self._prompt_cache.turns.recall,
            count_tokens=count_tokens,
        )


def _explained(match: PrefixMatch, fitted: FittedPlan) -> PrefixMatch:
    """Name the proxy's own cut as what changed the prompt, where there was one."""
    is_cut = match.mismatch and fitted.fit is not None and fitted.fit.is_new_cut
    return replace(match, mismatch=_CUT) if is_cut else match


def _new_record(
    request: MessagesRequest,
    caller: Caller,
    fitted: FittedPlan,
    match: PrefixMatch,
    body_bytes: int,
) -> TurnRecord:
    plan = fitted.plan
    return TurnRecord(
        caller=caller,
        requested_model=request.model,
        body_bytes=body_bytes,
        is_streamed=bool(request.stream),
        model=plan.model,
        tool_display=plan.tool_display,
        estimated_tokens=plan.prompt_tokens,
        match=match,
        fit=fitted.fit,
        notes=plan.notes,
    )
