"""Ways out: a company's history as files."""
