"""A legacy configuration on its way to today's inputs: what is kept, translated, ignored, and why."""
