"""Stories with edits that are to be undone later: the old text must be known again."""

from collections.abc import Iterator

from support.recall_writer import Exchange, Kind, SessionWriter


def rounding(w: SessionWriter) -> Iterator[None]:
    w.user("Rates must be rounded half up, not half even.")
    w.read(
        "src/parcelhub/rates/rounding.py",
        "from decimal import Decimal, ROUND_HALF_EVEN\n\n\n"
        "def to_cents(amount: Decimal) -> Decimal:\n"
        "    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)\n",
    )
    w.edit(
        "src/parcelhub/rates/rounding.py",
        "    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)",
        "    return amount.quantize(CENT, rounding=ROUND_HALF_UP)",
    )
    w.say("Rounded half up now.")
    yield
    w.ask(
        Kind.UNDO,
        "Accounting was wrong about the rounding of rates, undo that edit.",
        "return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)",
    )


def retry_helper(w: SessionWriter) -> Iterator[None]:
    w.user("The retry helper of the webhooks sleeps too long between attempts.")
    w.edit(
        "src/parcelhub/webhooks/retry.py",
        "def pause(attempt):\n    return min(BASE * 2 ** attempt, CEILING)",
        "def pause(attempt):\n    return BASE + attempt * STEP",
    )
    w.say("It grows linearly now.")
    yield
    w.ask(
        Kind.UNDO,
        "Restore what pause() in the webhooks' retry helper returned before you touched it.",
        "return min(BASE * 2 ** attempt, CEILING)",
    )


def docstring(w: SessionWriter) -> Iterator[None]:
    w.user("Shorten the docstring of split_route, it is chatty.")
    w.edit(
        "src/parcelhub/zones/route.py",
        "    Legs are split at every hub that scans, so that a lost parcel can be narrowed down.\n",
        "    Split a route into legs.\n",
    )
    w.say("One line is left.")
    yield
    w.ask(
        Kind.UNDO,
        "I liked the longer docstring of split_route better after all. Put it back as it was.",
        "Legs are split at every hub that scans, so that a lost parcel can be narrowed down.",
    )


def index_definition(w: SessionWriter) -> Iterator[None]:
    w.user("The search over shipments is slow; change the index.")
    w.edit(
        "migrations/0042_shipments.sql",
        "CREATE INDEX shipments_by_day ON shipments (depot, day) WHERE NOT archived;",
        "CREATE INDEX shipments_by_day ON shipments (day, depot);",
    )
    w.say("The index begins with the day now.")
    yield
    w.user("Hm, add the state to it too.")
    w.edit(
        "migrations/0042_shipments.sql",
        "CREATE INDEX shipments_by_day ON shipments (day, depot);",
        "CREATE INDEX shipments_by_day ON shipments (day, depot, state);",
    )
    w.say("Added.")
    yield
    w.ask(
        Kind.UNDO,
        "Roll the shipments index back to its very first form, both changes were a mistake.",
        "CREATE INDEX shipments_by_day ON shipments (depot, day) WHERE NOT archived;",
    )


def pick_list(w: SessionWriter) -> Iterator[None]:
    w.user("Sort the pick list by shelf, people run back and forth.")
    w.edit(
        "src/parcelhub/pickup/picklist.py",
        "    rows.sort(key=lambda row: (row.cart, row.weight_class, row.fragile))",
        "    rows.sort(key=lambda row: row.shelf)",
    )
    w.say("The pick list follows the shelves now.")
    yield
    w.ask(
        Kind.UNDO,
        "undo it",
        "rows.sort(key=lambda row: (row.cart, row.weight_class, row.fragile))",
        before=[
            Exchange(
                "Since this morning fragile things lie at the bottom of the carts.",
                "That comes from the new order of the pick list: it only looks at the shelf.",
            )
        ],
    )


def access_check(w: SessionWriter) -> Iterator[None]:
    w.user("Drivers can't open their own tours on the phone.")
    w.read(
        "src/parcelhub/tours/access.py",
        "def may_open(user, tour):\n"
        "    if user.is_planner:\n"
        "        return tour.depot in user.depots\n"
        "    return False\n",
    )
    w.edit("src/parcelhub/tours/access.py", "    return False", "    return tour.driver == user.id")
    w.edit(
        "src/parcelhub/tours/access.py",
        "        return tour.depot in user.depots",
        "        return True",
    )
    w.say("Drivers can open their tours, and planners all of them.")
    yield
    w.ask(
        Kind.UNDO,
        "Planners see tours of foreign depots since you changed may_open. That line must become "
        "what it was; leave the drivers' line.",
        "return tour.depot in user.depots",
    )


UNDO = (
    rounding,
    retry_helper,
    docstring,
    index_definition,
    pick_list,
    access_check,
)
