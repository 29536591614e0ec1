"""Dialects: the text forms of definitions, calls and results that models were trained on."""
