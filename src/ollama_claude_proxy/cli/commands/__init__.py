"""The commands of `ocp`, one file each."""
