"""Starter files for a new site: written from templates, or from the nodes of a running cluster."""
