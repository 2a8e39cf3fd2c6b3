"""The HTTP door, under ``/v1``."""
