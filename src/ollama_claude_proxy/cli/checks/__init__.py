"""What `ocp doctor` and the start of `ocp serve` look at, a module for each thing."""
