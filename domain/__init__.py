"""What is true: events, and the aggregates that decide them.  No clock, no I/O, no bus."""
