"""Finding again what left a prompt: what is asked, how passages are ranked, what is shown."""
