"""Rules for the rows of layout.yaml: names, addresses and kinds of machines."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from paichart.problems import Problem, Related, Severity, closest_name, suggest
from paichart.rules.subject import Row, Rule, Subject

MAX_LABEL = 63
MAX_NAME = 253
LEAST_MEMORY_MIB = 1024

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", re.ASCII)
_FOREIGN = re.compile(r"[^-a-z0-9.]", re.ASCII)


def check_hostnames(subject: Subject) -> Iterator[Problem]:
    """PAI001, PAI002: every hostname can be the name of a Kubernetes node (RFC 1123, lower case)."""
    for row in subject.rows:
        labels = row.hostname.split(".")
        if all(_LABEL.fullmatch(label) and len(label) <= MAX_LABEL for label in labels):
            if len(row.hostname) > MAX_LABEL:
                yield _long_name(subject, row)
        elif "hostname" in subject.layout.given["machine-list"][row.index]:
            yield _bad_name(subject, row)


def _bad_name(subject: Subject, row: Row) -> Problem:
    span, name = subject.place(row, "hostname"), row.hostname
    longest = max(len(label) for label in name.split("."))
    foreign = _FOREIGN.search(name)
    if not name:
        return Problem(span, "PAI001", "the node name is empty", "write it as `kubectl get nodes` shows it")
    if foreign is None and longest > MAX_LABEL:
        message = f"a part of this node name has {longest} characters; Kubernetes allows {MAX_LABEL}"
        return Problem(span, "PAI002", message, "node names have dots between shorter parts, or are shorter")
    if foreign is None:
        message = f"'{name}' can't be a node name: each part must begin and end with a letter or digit"
    elif foreign.group().isupper():
        message = f"'{name}' can't be a node name: '{foreign.group()}' is a capital letter"
    else:
        message = f"'{name}' can't be a node name: it holds '{foreign.group()}'"
    meant = re.sub(r"[^-a-z0-9.]+", "-", name.lower()).strip("-.")
    is_better = all(_LABEL.fullmatch(label) for label in meant.split("."))
    hint = f"did you mean '{meant}'?" if is_better else "use lower case letters, digits, '-' and '.'"
    return Problem(span, "PAI001", message, hint)


def _long_name(subject: Subject, row: Row) -> Problem:
    span, length = subject.place(row, "hostname"), len(row.hostname)
    if length > MAX_NAME:
        message = f"this node name has {length} characters; Kubernetes allows {MAX_NAME}"
        return Problem(span, "PAI002", message, "shorten it")
    message = (
        f"this node name has {length} characters, but the label kubernetes.io/hostname holds {MAX_LABEL}"
    )
    return Problem(span, "PAI002", message, "check it with `kubectl get nodes`", Severity.WARNING)


def check_addresses(subject: Subject) -> Iterator[Problem]:
    """PAI003, PAI004: every hostip is an IPv4 or IPv6 address, and one that other machines can reach."""
    for row in subject.rows:
        if "hostip" not in subject.layout.given["machine-list"][row.index]:
            continue
        address = _address(row.address)
        span = subject.place(row, "hostip")
        if address is None:
            message = f"'{row.address}' is no IPv4 or IPv6 address"
            yield Problem(span, "PAI003", message, _address_hint(row.address))
        elif address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
            message = f"other machines can't reach {row.address}"
            hint = "give the machine's address in the cluster's network"
            yield Problem(span, "PAI004", message, hint, Severity.WARNING)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address, None for what is none or is bound to one machine's interface (`%eth0`)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return None if address.scope_id else address.ipv4_mapped or address
    return address


def _address_hint(text: str) -> str:
    for what, candidate in (
        ("the prefix length", text.partition("/")[0]),
        ("blanks", text.strip()),
        ("the brackets", text.strip("[]")),
        ("the interface", text.partition("%")[0]),
        ("the port", text.rsplit(":", 1)[0]),
        ("leading zeros", ".".join(part.lstrip("0") or "0" for part in text.split("."))),
    ):
        if candidate != text and _address(candidate) is not None:
            return f"leave out {what}: {candidate}"
    return "write an address such as 10.0.0.2; the machine's name belongs into hostname"


def check_unique_hostnames(subject: Subject) -> Iterator[Problem]:
    """PAI007: no two machines have the same hostname."""
    first: dict[str, Row] = {}
    for row in subject.rows:
        if row.hostname and first.setdefault(row.hostname, row) is not row:
            place = subject.place(first[row.hostname], "hostname")
            yield Problem(
                subject.place(row, "hostname"),
                "PAI007",
                f"node name '{row.hostname}' is used twice; the first is on line {place.line}",
                "each node stands in the list once",
                related=(Related(place, "the first is here"),),
            )


def check_unique_addresses(subject: Subject) -> Iterator[Problem]:
    """PAI008: no two machines have the same address, however it is written."""
    first: dict[ipaddress.IPv4Address | ipaddress.IPv6Address, Row] = {}
    for row in subject.rows:
        address = _address(row.address)
        if address is not None and first.setdefault(address, row) is not row:
            other = first[address]
            written = f" as '{other.address}'" if other.address != row.address else ""
            place = subject.place(other, "hostip")
            yield Problem(
                subject.place(row, "hostip"),
                "PAI008",
                f"'{other.hostname}' on line {place.line} has this address too{written}",
                "give each machine its own address",
                related=(Related(place, "the first is here"),),
            )


def check_machine_types(subject: Subject) -> Iterator[Problem]:
    """PAI012: every machine names a SKU that the layout defines; one problem a name."""
    unknown = _unknown_skus(subject)
    for name, rows in unknown.items():
        further = f", which {len(rows)} machines name" if len(rows) > 1 else ""
        hint = suggest(name, subject.skus) or "define it under machine-sku"
        yield Problem(
            subject.place(rows[0], "machine-type"), "PAI012", f"no machine SKU named '{name}'{further}", hint
        )


def _unknown_skus(subject: Subject) -> dict[str, list[Row]]:
    """Return the machines of each SKU that is written nowhere; none where no SKU could be read."""
    layout = subject.layout
    unknown: dict[str, list[Row]] = {}
    if not layout.given.get("machine-sku"):
        return unknown
    for row in subject.rows:
        is_written = "machine-type" in layout.given["machine-list"][row.index]
        if is_written and row.sku not in subject.skus and not layout.marks.has("machine-sku", row.sku):
            unknown.setdefault(row.sku, []).append(row)
    return unknown


def check_unused_skus(subject: Subject) -> Iterator[Problem]:
    """PAI013: every SKU is some machine's, or may be meant by one of a wrong name."""
    used = {row.sku for row in subject.rows}
    meant = {closest_name(name, subject.skus) for name in _unknown_skus(subject)}
    if not used:
        return
    for name, sku in subject.skus.items():
        is_usable = sku.cpu is not None or sku.memory is not None
        if is_usable and name not in used and name not in meant:
            span = subject.layout.marks.key("machine-sku", name)
            yield Problem(
                span,
                "PAI013",
                f"no machine is of SKU '{name}'",
                "remove it if it is a leftover",
                Severity.NOTE,
            )


def check_sku_sizes(subject: Subject) -> Iterator[Problem]:
    """PAI018, PAI020: a SKU has at least one core a device, and memory that a machine can have."""
    marks = subject.layout.marks
    for sku in subject.skus.values():
        if sku.cpu is not None and sku.device_count is not None and sku.cpu < sku.device_count:
            message = (
                f"{sku.device_count} devices share {float(sku.cpu):g} cores; HiveD gives each at least one"
            )
            hint = "correct vcore or count"
            yield Problem(marks.at("machine-sku", sku.name, "cpu", "vcore"), "PAI018", message, hint)
        if sku.memory is not None and sku.memory < LEAST_MEMORY_MIB:
            written = marks.text("machine-sku", sku.name, "mem")
            message = f"'{written}' is less than 1Gi"
            hint = (
                f"did you mean '{written}Gi'?"
                if written.isdigit()
                else "memory is counted in bytes; add a unit"
            )
            yield Problem(marks.at("machine-sku", sku.name, "mem"), "PAI020", message, hint, Severity.WARNING)


RULES = tuple(
    Rule(check, ("layout",))
    for check in (
        check_hostnames,
        check_addresses,
        check_unique_hostnames,
        check_unique_addresses,
        check_machine_types,
        check_unused_skus,
        check_sku_sizes,
    )
)
