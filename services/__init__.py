"""What runs, and the outside world."""
