"""Tests that render the charts with the real Helm: `render` for one chart, rules over every object."""
