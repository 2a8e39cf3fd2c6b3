"""Ways in: what other systems wrote down becomes reports for the desk."""
