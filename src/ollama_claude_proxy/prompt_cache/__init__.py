"""What each model was shown, what of it a new prompt shares, and what it counted."""
