"""An Anthropic request and what a model can do become the plan of one `/api/chat` call."""
