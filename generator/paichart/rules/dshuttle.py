"""Rules for DShuttle, where it is installed: memory that fits, and tiers that its workers can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from paichart.alluxio import DISK_FOLDER, MEMORY_FOLDER, memory_tier, parts, size
from paichart.problems import Problem, Severity, Span
from paichart.quantity import parse
from paichart.rules.subject import Rule, Subject

_SECTION = "dshuttle"
_TIERS = (_SECTION, "tieredstores")
_PROCESSES = ("master", "job_master", "worker", "job_worker", "csi_daemon")
_HEAPS = {"csi_daemon": "fuse"}
"""Whose heap a container holds, where it is not called as the container."""
_HINT = "Java's G is 1024³; Kubernetes' G is 1000³, and its Gi 1024³"
_KEYS = {"level", "mediumtype", "path", "quota", "watermark_low_ratio", "watermark_high_ratio"}
_FOLDERS = {"MEM": MEMORY_FOLDER, "SSD": DISK_FOLDER}
"""What the workers mount, by Alluxio's word for it."""


def check_heaps(subject: Subject) -> Iterator[Problem]:
    """PAI241: a process's memory limit holds its heap, and what it keeps beside it."""
    of, marks = subject.services.settings, subject.services.marks
    for process in _PROCESSES if _is_on(subject) else ():
        heap_key = f"{_HEAPS.get(process, process)}_max_heap_size"
        heap = size(of.text(_SECTION, heap_key))
        limit = parse(of.text(_SECTION, f"{process}_limit_mem"))
        beside, what = _beside(subject, process)
        span = marks.at(_SECTION, heap_key)
        if heap > limit:
            message = f"the heap of {heap} bytes does not fit into {process}_limit_mem, {int(limit)} bytes"
            yield Problem(span, "PAI241", message, _HINT)
        elif heap + beside > limit:
            message = (
                f"{process}_limit_mem, {int(limit)} bytes, does not hold the heap of {heap} bytes"
                f" and {beside} bytes of {what}"
            )
            yield Problem(span, "PAI241", message, _HINT, Severity.WARNING)


def check_requests(subject: Subject) -> Iterator[Problem]:
    """PAI242: no container asks for more memory than it may have."""
    of, marks = subject.services.settings, subject.services.marks
    for process in _PROCESSES if _is_on(subject) else ():
        request, limit = (of.text(_SECTION, f"{process}_{word}_mem") for word in ("request", "limit"))
        if parse(request) > parse(limit):
            message = f"{request} is more than {process}_limit_mem, {limit}"
            hint = "Kubernetes refuses such a pod"
            yield Problem(marks.at(_SECTION, f"{process}_request_mem"), "PAI242", message, hint)


def check_tiers(subject: Subject) -> Iterator[Problem]:
    """PAI243: the tiers of the cache are numbered from 0, and each names folders that the workers have."""
    if not _is_on(subject):
        return
    marks = subject.services.marks
    tiers = _tiers(subject)
    if sorted(tier["level"] for tier in tiers) != list(range(len(tiers))):
        message = "tiers are numbered 0, 1, 2 and so on, each once"
        yield Problem(marks.at(*_TIERS), "PAI243", message, "0 is the fastest")
    for index, tier in enumerate(tiers):
        yield from _of_tier(tier, partial(marks.at, *_TIERS, index))


def _of_tier(tier: Mapping[str, Any], place: Callable[[str], Span]) -> Iterator[Problem]:
    media, paths, quotas = (parts(tier[key]) for key in ("mediumtype", "path", "quota"))
    if not len(media) == len(paths) == len(quotas):
        message = f"{len(media)} media, {len(paths)} paths and {len(quotas)} quotas don't belong together"
        yield Problem(place("path"), "PAI243", message, "give one of each for every folder")
        return
    for medium, path, quota in zip(media, paths, quotas, strict=True):
        if _FOLDERS.get(medium) != path:
            message = f"the workers have no folder {path} of {medium}"
            hint = f"MEM is {MEMORY_FOLDER}, SSD is {DISK_FOLDER}"
            yield Problem(place("path"), "PAI243", message, hint)
        if not size(quota):
            yield Problem(place("quota"), "PAI243", f"'{quota}' is no size", "write it as 100GB")
    if tier["watermark_low_ratio"] >= tier["watermark_high_ratio"]:
        message = "watermark_low_ratio is not below watermark_high_ratio"
        yield Problem(place("watermark_low_ratio"), "PAI243", message, "cleaning ends at the low mark")


def _beside(subject: Subject, process: str) -> tuple[int, str]:
    """Return the bytes that a process needs beside its heap, and what they are."""
    of = subject.services.settings
    if process == "worker":
        return memory_tier(_tiers(subject)), "files in memory"
    if process == "csi_daemon":
        return size(of.text(_SECTION, "fuse_max_direct_mem_size")), "direct memory"
    return 0, ""


def _tiers(subject: Subject) -> tuple[Mapping[str, Any], ...]:
    """Return the tiers; none where one lacks something, which the schema has told."""
    tiers = subject.services.settings.items(*_TIERS)
    return () if any(tier is None or _KEYS - tier.keys() for tier in tiers) else tiers


def _is_on(subject: Subject) -> bool:
    return subject.services.settings.flag("cluster", "common", "dshuttle")


RULES = (
    Rule(check_heaps, ("services",)),
    Rule(check_requests, ("services",)),
    Rule(check_tiers, ("services",)),
)
