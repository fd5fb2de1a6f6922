"""YAML text → plain data and the place of every key and value; YAML's traps are met here.

`document` reads whole inputs; `reading` gets their bytes, `nodes` composes them, `syntax` words what a parser
refuses, by way of `outline`, which finds the line that a person would put right.
"""

from paichart.source.document import Document, Marks, absent, load, parse, parse_embedded
from paichart.source.reading import is_there

__all__ = ["Document", "Marks", "absent", "is_there", "load", "parse", "parse_embedded"]
