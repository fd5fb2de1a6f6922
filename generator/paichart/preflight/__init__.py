"""A live cluster held against the inputs before anything is installed."""
