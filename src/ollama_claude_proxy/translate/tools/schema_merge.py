"""Merge two JSON Schemas into one: for `allOf`, and for keywords beside a `$ref`."""

from collections.abc import Callable, Mapping
from typing import Any

Schema = dict[str, Any]

# Returned by a rule when two values cannot be merged into one.
_CONFLICT = object()


def merge_schemas(first: Schema, second: Schema) -> tuple[Schema, Schema]:
    """Return the merged schema, and the keywords of the second that could not be merged."""
    merged, conflicts = dict(first), Schema()
    for name, value in second.items():
        if name not in merged:
            merged[name] = value
            continue
        if merged[name] == value:
            continue
        rule = _RULES.get(name)
        merged_value = _CONFLICT if rule is None else rule(merged[name], value)
        if merged_value is _CONFLICT:
            conflicts[name] = value
        else:
            merged[name] = merged_value
    return merged, conflicts


def _keep_first(first: Any, _second: Any) -> Any:
    return first


def _join_texts(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first} {second}".strip()
    return _CONFLICT


def _common_values(first: Any, second: Any) -> Any:
    """Return the values that both lists allow."""
    if not isinstance(first, list) or not isinstance(second, list):
        return _CONFLICT
    return [value for value in first if value in second] or _CONFLICT


def _common_types(first: Any, second: Any) -> Any:
    """Return the types that both allow; an integer is a number."""
    left = first if isinstance(first, list) else [first]
    right = second if isinstance(second, list) else [second]
    common = [kind for kind in left if kind in right or (kind == "integer" and "number" in right)]
    if "number" in left and "integer" in right and "integer" not in common:
        common.append("integer")
    if not common:
        return _CONFLICT
    return common[0] if len(common) == 1 else common


def _union_of_names(first: Any, second: Any) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return _CONFLICT
    return first + [name for name in second if name not in first]


def _merge_properties(first: Any, second: Any) -> Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return _CONFLICT
    merged = dict(first)
    for name, schema in second.items():
        differs = name in first and first[name] != schema
        merged[name] = _as_all_of(first[name], schema) if differs else schema
    return merged


def _as_all_of(first: Any, second: Any) -> Any:
    """Return two schemas as one `allOf`, which is merged when the rewriter reaches it."""
    return {"allOf": [first, second]}


def _stricter_limit(choose: Callable[[float, float], float]) -> Callable[[Any, Any], Any]:
    """Return the rule for a limit: `choose` is max for lower limits and min for upper ones."""

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
    "$defs": _keep_first,
    "definitions": _keep_first,
    "$schema": _keep_first,
    "description": _join_texts,
    "type": _common_types,
    "enum": _common_values,
    "properties": _merge_properties,
    "required": _union_of_names,
    "items": _as_all_of,
    "additionalProperties": _either_false,
    "uniqueItems": _either_true,
    **dict.fromkeys(
        ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"),
        _stricter_limit(max),
    ),
    **dict.fromkeys(
        ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"),
        _stricter_limit(min),
    ),
}
