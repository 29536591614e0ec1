"""The one time limit of the tests."""

# Seconds until something that is waited for counts as hanging. It only ends a test that hangs: a
# slow machine must not reach it, and no test waits for it to pass.
HANG_SECONDS = 300.0
