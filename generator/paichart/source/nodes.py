"""YAML events → a tree of nodes: plain data, the place of every key and value, and the faults met on the way.

Works on parser events rather than on recursion, so neither deep nesting nor alias bombs can hurt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from paichart.problems import Severity
from paichart.source.characters import begins_unseen, disguised, named, without_lookalikes
from paichart.source.scalars import Trap, resolve
from paichart.source.tree import Fault, Node, Place

MAX_DEPTH = 64
MAX_VALUES = 2_000_000
MAX_ERRORS = 1000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_SCALAR_TYPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}


@dataclass(slots=True)
class _Frame:
    """A mapping or sequence not yet closed; `key` waits for its value, `keys` is None in a sequence."""

    node: Node
    values: list[Node]
    keys: list[Node] | None = None
    key: Node | None = None


class _StopError(Exception):
    """Nothing sensible can be read from here on; the fault is recorded already."""


class Composer:
    """Builds the node tree of the first document of a YAML text; `root` stays None when there is none.

    first_line is where the text begins in its file, for messages that name a line.
    """

    def __init__(self, first_line: int = 0) -> None:
        self._first_line = first_line
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._resolved: dict[str, tuple[Any, Trap | None]] = {}
        self._count = 0
        self._errors = 0
        self._documents = 0

    def compose(self, text: str, loader: Any = None) -> None:
        """Read text to its end, or to the first fault that makes the rest meaningless.

        Raises yaml.YAMLError where the text is not YAML; what was read until then is dropped.
        """
        handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        try:
            for event in yaml.parse(text, Loader=loader or _LOADER):
                handler = handlers.get(type(event))
                if handler is not None:
                    handler(event)
        except _StopError:
            pass

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            hint = "remove this line and what follows, or put it into its own file"
            self._fault(event, "PAI118", "a second YAML document begins here", hint)
            raise _StopError

    def _scalar(self, event: Any) -> None:
        text = event.value
        trap = None
        if event.implicit[0]:
            known = self._resolved.get(text)
            if known is None:
                known = self._resolved[text] = resolve(text)
            data, trap = known
        elif event.tag is None or event.implicit[1]:
            data = text
        else:
            data = self._tagged(event)
        node = Node(event.start_mark, event.end_mark, data, text, event.style)
        if self._frames and self._frames[-1].keys is not None and self._frames[-1].key is None:
            self._check_key(node, trap)
        elif trap is not None:
            self._fault(event, trap.code, trap.message, trap.hint, trap.severity)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._add(node)

    def _tagged(self, event: Any) -> Any:
        """Return the scalar as its explicit tag says; an unknown tag is a fault and leaves the text."""
        name = event.tag.removeprefix(_TAG)
        if name in ("str", "!"):
            return event.value
        data, _ = resolve(event.value)
        if isinstance(data, _SCALAR_TYPES.get(name, ())) and not (name != "bool" and isinstance(data, bool)):
            return data
        self._refuse_tag(event)
        return event.value

    def _refuse_tag(self, event: Any) -> None:
        written = event.tag.replace(_TAG, "!!")
        self._fault(event, "PAI121", f"the tag {written} can't be used here", "remove the tag")

    def _check_key(self, node: Node, trap: Trap | None) -> None:
        """Make a key a string; what was read as something else is a fault, its text is used instead."""
        if not node.style and not node.text.isascii():
            self._check_disguise(node)
            return
        if isinstance(node.data, str) and trap is None:
            return
        if trap is not None:
            code = "PAI112" if trap.code == "PAI112" else "PAI111"
            self._fault_at(node, code, f"key {trap.message}", f'quote the key: "{node.text}"')
        elif node.data is None:
            self._fault_at(node, "PAI111", "a key is missing before ':'", "write the key, or remove the line")
        else:
            kind = "true or false" if isinstance(node.data, bool) else "a number"
            self._fault_at(node, "PAI111", f"key '{node.text}' is read as {kind}", f'quote it: "{node.text}"')
        node.data = node.text

    def _check_disguise(self, node: Node) -> None:
        """Make a key what it was meant to be, where a character in it only looks like another one."""
        if begins_unseen(node.text):
            character = node.text[0]
            message = f"{named(character)} is used for indentation"
            end = Place(node.start.line, node.start.column + 1)
            self._record(Fault(node.start, end, "PAI246", message, "indent with ordinary spaces"))
            raise _StopError
        found = disguised(node.text, is_key=True)
        if found is not None:
            self._fault_at(node, "PAI246", f"key {found[0]}", found[1])
            node.data = without_lookalikes(node.text)

    def _open(self, event: Any) -> None:
        if len(self._frames) >= MAX_DEPTH:
            self._fault(event, "PAI119", f"nested deeper than {MAX_DEPTH} levels", "flatten this part")
            raise _StopError
        is_mapping = type(event) is yaml.MappingStartEvent
        if event.tag not in (None, "!", _TAG + ("map" if is_mapping else "seq")):
            self._refuse_tag(event)
        node = Node(event.start_mark, event.end_mark, open=True)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._frames.append(_Frame(node, [], [] if is_mapping else None))

    def _close(self, event: Any) -> None:
        frame = self._frames.pop()
        node = frame.node
        node.end, node.open = event.end_mark, False
        node.keys, node.values = frame.keys, frame.values
        node.size = 1 + sum([value.size for value in frame.values])
        if node.size > MAX_VALUES:
            hint = "write the repeated parts out, or use fewer aliases"
            self._fault_at(node, "PAI116", f"aliases make this hold more than {MAX_VALUES:,} values", hint)
            raise _StopError
        node.data = [value.data for value in frame.values] if frame.keys is None else self._mapping(frame)
        self._add(node)

    def _alias(self, event: Any) -> None:
        node = self._anchors.get(event.anchor)
        if node is None:
            message = f"no anchor &{event.anchor} stands before this alias"
            self._fault(
                event, "PAI120", message, "define the anchor above; quote a value that begins with '*'"
            )
        elif node.open:
            self._fault(
                event, "PAI120", f"the alias *{event.anchor} stands inside its own anchor", "write it out"
            )
        if node is None or node.open:
            node = Node(event.start_mark, event.end_mark, text=f"*{event.anchor}")
        self._add(node)

    def _add(self, node: Node) -> None:
        self._count += 1
        if self._count > MAX_VALUES:
            self._fault_at(node, "PAI116", f"more than {MAX_VALUES:,} values", "shorten the file")
            raise _StopError
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        if frame.keys is None:
            frame.values.append(node)
        elif frame.key is None:
            frame.key = node
        else:
            frame.keys.append(frame.key)
            frame.values.append(node)
            frame.key = None

    def _mapping(self, frame: _Frame) -> dict[str, Any]:
        """Return the mapping's data, merge keys (`<<`) applied; its own keys win over merged ones."""
        own: dict[str, Any] = {}
        first: dict[str, Node] = {}
        merged: list[Node] = []
        for key, value in zip(frame.keys or (), frame.values, strict=True):
            name = key.data
            if not isinstance(name, str):
                self._refuse_key(frame.node, key)
            elif name == "<<" and not key.style:
                merged.extend(self._merge_sources(value))
            elif name in own:
                line = self._first_line + first[name].start.line + 1
                message = f"key '{name}' is written twice; the first is on line {line}"
                self._fault_at(key, "PAI110", message, "keep one of the two", first[name])
                if own[name] is None and frame.keys is not None:
                    own[name] = value.data
                    frame.values[frame.keys.index(first[name])] = value
            else:
                own[name] = value.data
                first[name] = key
        return self._with_merged(frame, own, merged) if merged else own

    def _refuse_key(self, node: Node, key: Node) -> None:
        """Tell that a mapping has a key that is a list or mapping; `{{` is such a key to YAML."""
        at_once = (node.start.line, node.start.column + 1) == (key.start.line, key.start.column)
        if key.keys is not None and at_once:
            message = "'{{' begins a mapping to YAML; was a template not filled in?"
            self._fault_at(node, "PAI111", message, "fill it in; quote it if it is text")
        else:
            self._fault_at(key, "PAI111", "a key must be plain text", "write a text key")

    def _merge_sources(self, value: Node) -> list[Node]:
        """Return the mappings that `<<` names: one, or a list of them."""
        sources = [value] if value.values is None or value.keys is not None else value.values
        good = [source for source in sources if source.keys is not None]
        if len(good) < len(sources):
            message = "'<<' needs a mapping, or a list of mappings"
            self._fault_at(value, "PAI120", message, "give it an alias of one, or quote the key")
        return good

    def _with_merged(self, frame: _Frame, own: dict[str, Any], merged: list[Node]) -> dict[str, Any]:
        """Return the data with merged keys, and append them to the frame so that their places are found."""
        result: dict[str, Any] = {}
        for source in reversed(merged):
            result.update(source.data)
        result.update(own)
        for source in merged:
            if frame.keys is not None and source.keys is not None and source.values is not None:
                frame.keys.extend(source.keys)
                frame.values.extend(source.values)
        return result

    def _fault(
        self, event: Any, code: str, message: str, hint: str, severity: Severity = Severity.ERROR
    ) -> None:
        self._record(Fault(event.start_mark, event.end_mark, code, message, hint, severity))

    def _fault_at(self, node: Node, code: str, message: str, hint: str, first: Node | None = None) -> None:
        self._record(Fault(node.start, node.end, code, message, hint, first=first))

    def _record(self, fault: Fault) -> None:
        """Keep a fault; after very many errors nobody needs more of them."""
        self.faults.append(fault)
        self._errors += fault.severity is Severity.ERROR
        if self._errors >= MAX_ERRORS:
            raise _StopError
