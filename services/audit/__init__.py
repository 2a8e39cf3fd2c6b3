"""Proof: who read what."""
