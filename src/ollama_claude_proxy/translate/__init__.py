"""Pure translation between the two APIs: no await, clock, log, environment or randomness."""
