"""The test rig: a real local Kubernetes control plane with simulated nodes, and the tools to drive it."""
