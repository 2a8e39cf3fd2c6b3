"""The pages: server-rendered, read-only, without a line of script."""
