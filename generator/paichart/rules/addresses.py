"""Rules for addresses of the web, whichever file gives them: what their schema's pattern can't say."""

from __future__ import annotations

from collections.abc import Iterator

from paichart.addresses import fault
from paichart.problems import Problem
from paichart.rules.subject import Rule, Subject


def check_addresses(subject: Subject) -> Iterator[Problem]:
    """PAI047: the host and the port of an address can be."""
    for source in (subject.config, subject.layout, subject.services):
        for path, _ in source.annotated("x-paichart-address"):
            url = source.marks.text(*path)
            reason = fault(url)
            if reason:
                message = f"'{url}' is no address: {reason}"
                hint = "write it as https://host:9090, an IPv6 address in brackets"
                yield Problem(source.marks.at(*path), "PAI047", message, hint)


RULES = (Rule(check_addresses, ()),)
