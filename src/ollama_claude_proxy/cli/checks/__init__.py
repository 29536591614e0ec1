"""The checks of `ocp doctor` and of the start of `ocp serve`, a module for each subject."""
