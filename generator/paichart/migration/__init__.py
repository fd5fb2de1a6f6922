"""A legacy installation's configuration → today's inputs, told key by key."""
