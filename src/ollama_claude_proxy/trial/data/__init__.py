"""The jobs and tools of `ocp try`, as JSON."""
