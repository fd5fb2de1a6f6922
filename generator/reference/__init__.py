"""The reference pages of the inputs, made from their JSON Schemas: what the check and the editors share."""

from reference.inputs import INPUTS, Input
from reference.page import page

__all__ = ["INPUTS", "Input", "page"]
