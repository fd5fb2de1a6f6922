"""Pure functions from a cluster to values: a module a subchart or concern, with `values(cluster)`."""
