"""Pure functions from a cluster to the chart's values: one module a subchart or a concern, each offering `values(cluster)`."""
