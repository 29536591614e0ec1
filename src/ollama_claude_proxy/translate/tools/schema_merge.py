"""One JSON Schema that says what two say: for `allOf`, and for what stands beside a `$ref`."""

from collections.abc import Callable, Mapping
from typing import Any

Schema = dict[str, Any]

# Given back by a rule when two values cannot be said as one.
_CONFLICT = object()


def merge(first: Schema, second: Schema) -> tuple[Schema, Schema]:
    """Give both schemas as one, and the keywords of the second that could not be brought in."""
    merged, conflicts = dict(first), Schema()
    for name, value in second.items():
        if name not in merged:
            merged[name] = value
            continue
        if merged[name] == value:
            continue
        rule = _RULES.get(name)
        both = _CONFLICT if rule is None else rule(merged[name], value)
        if both is _CONFLICT:
            conflicts[name] = value
        else:
            merged[name] = both
    return merged, conflicts


def _first(first: Any, _second: Any) -> Any:
    return first


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first} {second}".strip()
    return _CONFLICT


def _shared(first: Any, second: Any) -> Any:
    """Give the values that both lists allow."""
    if not isinstance(first, list) or not isinstance(second, list):
        return _CONFLICT
    return [value for value in first if value in second] or _CONFLICT


def _shared_types(first: Any, second: Any) -> Any:
    """Give the types that both allow; an integer is a number."""
    left = first if isinstance(first, list) else [first]
    right = second if isinstance(second, list) else [second]
    shared = [kind for kind in left if kind in right or (kind == "integer" and "number" in right)]
    if "number" in left and "integer" in right and "integer" not in shared:
        shared.append("integer")
    if not shared:
        return _CONFLICT
    return shared[0] if len(shared) == 1 else shared


def _all_names(first: Any, second: Any) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return _CONFLICT
    return first + [name for name in second if name not in first]


def _all_properties(first: Any, second: Any) -> Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return _CONFLICT
    both = dict(first)
    for name, schema in second.items():
        known = name in first and first[name] != schema
        both[name] = _both(first[name], schema) if known else schema
    return both


def _both(first: Any, second: Any) -> Any:
    """Give two schemas as one `allOf`, which is merged when its turn comes."""
    return {"allOf": [first, second]}


def _stricter(choose: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    def rule(first: Any, second: Any) -> Any:
        numbers = all(
            isinstance(value, int | float) and not isinstance(value, bool)
            for value in (first, second)
        )
        return choose(first, second) if numbers else _CONFLICT

    return rule


def _either_false(first: Any, second: Any) -> Any:
    if first is False or second is False:
        return False
    return first if second is True else second if first is True else _CONFLICT


def _either_true(first: Any, second: Any) -> Any:
    return True if first is True or second is True else _CONFLICT


_RULES: Mapping[str, Callable[[Any, Any], Any]] = {
    "$defs": _first,
    "definitions": _first,
    "$schema": _first,
    "description": _joined,
    "type": _shared_types,
    "enum": _shared,
    "properties": _all_properties,
    "required": _all_names,
    "items": _both,
    "additionalProperties": _either_false,
    "uniqueItems": _either_true,
    **dict.fromkeys(
        ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), _stricter(max)
    ),
    **dict.fromkeys(
        ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), _stricter(min)
    ),
}
