"""Edits that apply: compared with the files as the conversation knows them, before they leave."""
