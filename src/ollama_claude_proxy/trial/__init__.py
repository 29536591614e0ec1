"""Jobs whose right calls are known, and what a model's calls are worth; for `ocp try`."""
