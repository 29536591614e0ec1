"""What each model was shown, how much of it a new prompt shares, and token counts."""
