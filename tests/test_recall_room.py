"""What of a conversation is shown again: in its order, within the room, each text once."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.question import Question
from ollama_claude_proxy.sessions.recall.recall import Recalled, RecallQuery, recall
from ollama_claude_proxy.wire.anthropic import Message
from support.chat import call, result, said
from support.passage_memory import SCOPE, PassageMemory

ROOM = 8000
FILLER = [Passage(900, 1, "", f"filler {number}") for number in range(200)]
TURNS = (
    said("user", "How shall we store the nests of the heron?"),
    said("assistant", "1. In a file.\n2. In a table.\n3. In memory."),
    said("user", "Where do storks winter? Take Vesna's list."),
    said("assistant", "We chose the table, because storks winter in Africa."),
    call(
        "Edit", file_path="/stork.py", old_string="winter = 'Spain'", new_string="winter = 'Asia'"
    ),
    result("The file /stork.py has been updated."),
    call("Bash", command="make birds"),
    result("--- FAIL: TestStork (0.01s)\nBirdError: no wings"),
    said("assistant", "Next I repair the wings."),
    said("user", "Fine."),
    said("assistant", "Repaired."),
)


def ask(  # noqa: PLR0913 - each is what a test varies
    words: str,
    passages: Sequence[Passage] = (),
    turns: Sequence[Message] = TURNS,
    *,
    shown: str = "",
    room: int = ROOM,
    context: str = "",
) -> Recalled:
    index = PassageMemory([*passages, *FILLER])
    earlier = EarlierTurns(turns, 0, len(turns))
    return recall(index, SCOPE, RecallQuery(Question(words, "", "", context), earlier, shown, room))


def texts(recalled: Recalled) -> str:
    return "\n".join(passage.text for passage in recalled.passages)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("Let us go with the second approach for storing nests.", "2. In a table."),
        ("Undo your edit of the winter quarters in stork.py, please.", "winter = 'Spain'"),
        ("Which tests failed in the bird project over time?", "Tests failed:\n1. TestStork"),
        ("Which commands did you run for the bird project?", "Commands:\n1. make birds"),
        ("Who gave us a list for the bird project, by name?", "Vesna"),
        ("What was the first command of the bird project that you ran?", "1. make birds"),
        ("Which decisions were made in the bird project?", "We chose the table"),
        ("Go on.", "Next I repair the wings."),
        ("Mach weiter.", "Repaired."),
    ],
)
def test_what_a_question_only_points_to_is_shown(words: str, answer: str) -> None:
    assert answer in texts(ask(words))


def test_an_ordinary_question_is_answered_by_words_alone() -> None:
    question = "Where in the archive are crane migration routes computed from weather records?"
    routes = Passage(3, 1, "Read /crane.py", "crane routes")
    recalled = ask(question, [routes])
    assert list(recalled.passages) == [routes]
    assert {"crane", "routes"} <= set(recalled.terms)
    assert ask(question).passages == []


def test_nothing_is_searched_without_a_scope() -> None:
    query = RecallQuery(Question("Undo the winter edit"), EarlierTurns(TURNS, 0, 11), "", ROOM)
    recalled = recall(PassageMemory(FILLER), None, query)
    assert "winter = 'Spain'" in texts(recalled)
    assert recalled.terms == ()


def test_what_the_prompt_shows_is_not_shown_again() -> None:
    shown = "1. In a file.\n2. In a table.\n3. In memory."
    assert "In a table" not in texts(ask("the second approach", shown=f"before {shown} behind"))


def test_a_request_that_matches_comes_with_the_reply_to_it() -> None:
    request = Passage(2, 2, "", "Where do storks winter? Take Vesna's list.", is_request=True)
    replied = "We chose the table, because storks winter in Africa."
    question = "Where do storks winter according to the list of Vesna in the archive?"
    turns = (*TURNS[:4], *TURNS[9:])
    assert replied in texts(ask(question, [request], turns))
    as_said = Passage(2, 2, "", request.text)  # as if the model had said it
    assert replied not in texts(ask(question, [as_said], turns))


def test_passages_stand_in_the_order_of_the_conversation_and_those_of_others_first() -> None:
    found = [
        Passage(7, 1, "", "crane seven"),
        Passage(3, 1, "", "crane three"),
        Passage(5, 1, "", "crane five", is_foreign=True),
    ]
    recalled = ask("Describe crane migration routes over snowy mountain ridges.", found)
    assert [one.message for one in recalled.passages] == [5, 3, 7]


def test_what_has_no_room_is_displaced() -> None:
    question = "Describe crane migration routes over snowy mountain ridges."
    found = [Passage(number, 1, "", f"crane {'x' * 80} {number}") for number in range(4)]
    recalled = ask(question, found, room=200)
    assert len(recalled.passages) == 2
    shown = {one.message for one in recalled.passages}
    assert {one.message for one in recalled.displaced} == {0, 1, 2, 3} - shown
    assert ask(question, found, room=2000).displaced == []


def test_the_request_before_counts_only_where_a_question_points_to_it() -> None:
    crane = [Passage(3, 1, "", "crane routes")]
    assert "crane routes" in texts(ask("And again?", crane, context="Plot the crane routes"))
    ordinary = "Describe heron migration over snowy mountain ridges."
    assert "crane" not in texts(ask(ordinary, crane, context="Plot the crane routes"))


def test_a_list_shows_lines_of_what_does_not_fit_whole() -> None:
    found = [
        Passage(number, 1, "", f"about {number}\n{'pad ' * 100}\ncrane {number}\n{'pad ' * 100}")
        for number in range(9)
    ]
    recalled = ask("List every crane of the bird archive, please.", found, turns=(), room=2500)
    assert all(f"crane {number}" in texts(recalled) for number in range(9))
    whole = [one.message for one in recalled.passages if "pad pad" in one.text]
    assert 0 < len(whole) < 9


def test_what_words_find_comes_with_the_lines_around_it() -> None:
    whole = "before\ncrane\nbehind"
    crane = Passage(3, 1, "Read /a", "crane", whole=whole, start=whole.index("crane"))
    question = "Describe crane migration routes over snowy mountain ridges."
    assert texts(ask(question, [crane])) == "before\ncrane\nbehind"


QUESTIONS = (
    "the second approach",
    "Undo that.",
    "Which files, tests, commands and decisions were there? List all.",
    "Go on with the other one.",
    "Where do storks winter?",
    "the crane",
)


@settings(deadline=None)
@given(
    st.sampled_from(QUESTIONS),
    st.lists(st.integers(0, 700), max_size=8),
    st.integers(0, 4000),
    st.integers(0, len(TURNS)),
)
def test_the_room_is_never_exceeded(
    words: str, lengths: Sequence[int], room: int, left: int
) -> None:
    found = [
        Passage(
            number, 1, "", f"stork crane {'x' * length}", whole=f"stork crane {'x' * 2 * length}"
        )
        for number, length in enumerate(lengths)
    ]
    recalled = ask(words, found, TURNS[:left], room=room)
    shown = [one.text.strip() for one in recalled.passages]
    assert sum(map(len, shown)) <= room
    assert len(set(shown)) == len(shown)
    assert not set(shown) & {one.text.strip() for one in recalled.displaced}
    places = [one.message for one in recalled.passages]
    assert places == sorted(places)


def test_what_the_user_replied_to_an_offer_comes_with_it() -> None:
    turns = (
        *TURNS,
        said("assistant", "For the ringing of storks I see two ways: steel rings, or none."),
        said("user", "steel, since nests are seen from below"),
        said("assistant", "Steel it is."),
    )
    offer = Passage(11, 9, "", turns[11].content[0].text)  # type: ignore[union-attr] # a text
    asked = "Justify the ringing of storks in the yearly report of the observatory."
    assert "seen from below" in texts(ask(asked, [offer], turns))


def test_a_reason_is_found_by_the_decision_though_other_texts_share_more_words() -> None:
    turns = (
        said("user", "How are logs written?"),
        said("assistant", "As lines, because the collector cuts at line ends."),
        said("user", "ok"),
        *TURNS,
    )
    noise = [Passage(20 + at, 9, f"Read /{at}", f"plain text {at} and logs") for at in range(20)]
    recalled = ask("why not plain text in the logs?", noise, turns, room=1200)
    assert "the collector cuts" in texts(recalled)


def test_an_edit_is_found_by_what_was_asked_for() -> None:
    turns = (
        said("user", "Make read in nests.py faster."),
        call("Edit", file_path="/nests.py", old_string="scan(all)", new_string="scan(few)"),
        result("The file /nests.py has been updated."),
        said("assistant", "Done."),
        *TURNS,
        *(
            one
            for at in range(8)
            for one in (
                said("user", "Next."),
                call("Edit", file_path=f"/{at}.py", old_string="version", new_string="previous"),
            )
        ),
    )
    assert "scan(all)" in texts(ask("I want the previous version of read again", turns=turns))


def test_a_passage_that_another_shows_is_not_shown_twice() -> None:
    whole = "\n".join(f"{at} crane migration routes" for at in range(40))
    found = [
        Passage(3, 1, "Read /a", whole[start : start + 90], whole=whole, start=start)
        for start in (0, 90, 180, 270)
    ]
    shown = [one.text for one in ask("Which crane migration routes are known?", found).passages]
    assert not [one for one in shown for other in shown if one != other and one in other]
