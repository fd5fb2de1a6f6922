"""The report page: one self-contained HTML text that shows what a site's release will be.

Pure functions from a cluster and its problems to text. The page asks no network for anything, runs no script
but its own, and works without that one; texts that users wrote are escaped and can't turn its direction.
"""
