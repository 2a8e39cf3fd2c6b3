"""What can be read, and may be dropped and built again.  One file for each projection."""
