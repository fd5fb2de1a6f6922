"""Rules of DShuttle: memory and tiers. Defaults and valid folders: src/dshuttle/config, its .yaml and .md."""

from __future__ import annotations

import pytest

from tests.unit.checking import places, problems

SERVICES = "services-configuration.yaml"
ON = "cluster: {common: {dshuttle: 'true'}}\n"
TIER = (
    "{{level: {level}, mediumtype: '{media}', alias: A, path: '{paths}', quota: '{quotas}',"
    " watermark_low_ratio: {low}, watermark_high_ratio: {high}}}"
)


def dshuttle(settings: str) -> str:
    return f"{ON}dshuttle: {{{settings}}}\n"


def tiers(*written: str) -> str:
    return dshuttle(f"tieredstores: [{', '.join(written)}]")


def tier(
    level: int = 0,
    media: str = "MEM",
    paths: str = "/dev/shm",  # noqa: S108 # of the workers
    quotas: str = "1GB",
    low: float = 0.7,
    high: float = 0.95,
) -> str:
    return TIER.format(level=level, media=media, paths=paths, quotas=quotas, low=low, high=high)


def test_legacys_figures_are_right():
    assert places(services=ON) == []


@pytest.mark.parametrize(
    "settings",
    ["worker_max_heap_size: 80G", "master_request_mem: 20G", "tieredstores: []"],
)
def test_nothing_is_said_where_dshuttle_is_off(settings):
    assert places(services=f"dshuttle: {{{settings}}}\n") == []


HEAPS = [
    # Java's 16G are 17,179,869,184 bytes, the limit's 16G are 16,000,000,000.
    ("master", "master_max_heap_size: 16G", "error"),
    ("job-master", "job_master_max_heap_size: 8G", "error"),
    ("worker", "worker_max_heap_size: 8g", "error"),
    ("job-worker", "job_worker_limit_mem: 2G", "error"),
    ("fuse", "fuse_max_heap_size: 10G", "error"),
    # 7 GiB and a tier of 1 GiB are 8,589,934,592 bytes; the limit is 8,000,000,000.
    ("worker-and-tier", "worker_max_heap_size: 7G", "warning"),
    # 7 GiB and 3 GiB of direct memory are 10,737,418,240 bytes; the limit is 10,000,000,000.
    ("fuse-and-direct-memory", "fuse_max_heap_size: 7G", "warning"),
]


@pytest.mark.parametrize(("settings", "severity"), [pytest.param(*row[1:], id=row[0]) for row in HEAPS])
def test_a_heap_larger_than_its_limit(settings, severity):
    (problem,) = problems(services=dshuttle(settings))
    assert (problem.code, problem.severity.value) == ("PAI241", severity)


def test_a_heap_is_told_where_it_stands():
    (problem,) = problems(services=dshuttle("worker_max_heap_size: 9G"))
    assert str(problem.span) == f"{SERVICES}:2:34"
    assert problem.message == (
        "the heap of 9663676416 bytes does not fit into worker_limit_mem, 8000000000 bytes"
    )


@pytest.mark.parametrize(
    "settings", ["worker_limit_mem: 4Gi, worker_max_heap_size: 3G", "job_worker_limit_mem: 2Gi"]
)
def test_what_fits_exactly_is_right(settings):
    # 3 GiB of heap and 1 GiB of files; 2 GiB of heap.
    assert places(services=dshuttle(settings)) == []


@pytest.mark.parametrize("process", ["master", "job_master", "worker", "job_worker", "csi_daemon"])
def test_a_request_above_its_limit(process):
    (problem,) = problems(services=dshuttle(f"{process}_request_mem: 20G"))
    assert (problem.code, problem.severity.value) == ("PAI242", "error")
    assert problem.message.startswith(f"20G is more than {process}_limit_mem, ")


TIERS = [
    ("legacys-example", [tier(), tier(1, "SSD", "/mnt/ssd", "100G")], []),
    ("several-folders", [tier(0, "MEM, SSD", "/dev/shm, /mnt/ssd", "1GB, 100GB")], []),  # noqa: S108
    ("gap", [tier(0), tier(2, "SSD", "/mnt/ssd")], ["tiers are numbered 0, 1, 2 and so on, each once"]),
    ("twice", [tier(), tier()], ["tiers are numbered 0, 1, 2 and so on, each once"]),
    ("counts", [tier(0, "MEM,SSD")], ["2 media, 1 paths and 1 quotas don't belong together"]),
    ("other-folder", [tier(0, "SSD", "/data")], ["the workers have no folder /data of SSD"]),
    ("memory-on-disk", [tier(0, "MEM", "/mnt/ssd")], ["the workers have no folder /mnt/ssd of MEM"]),
    ("other-medium", [tier(0, "HDD", "/mnt/ssd")], ["the workers have no folder /mnt/ssd of HDD"]),
    ("no-size", [tier(quotas="much")], ["'much' is no size"]),
    ("marks", [tier(low=0.9, high=0.9)], ["watermark_low_ratio is not below watermark_high_ratio"]),
]


@pytest.mark.parametrize(("written", "messages"), [pytest.param(*row[1:], id=row[0]) for row in TIERS])
def test_tiers(written, messages):
    found = problems(services=tiers(*written))
    assert [(p.code, p.message) for p in found] == [("PAI243", message) for message in messages]


def test_a_tier_that_lacks_a_key_is_the_schemas_matter():
    assert "PAI243" not in {p.code for p in problems(services=tiers("{level: 0}"))}


def test_a_tier_with_options_of_java_in_its_name():
    tier = "level: 0, mediumtype: MEM, path: /dev/shm, quota: 1GB"
    marks = "watermark_low_ratio: 0.7, watermark_high_ratio: 0.9"
    services = "dshuttle:\n  tieredstores:\n  - {alias: 'MEM -Dx=$(id)', " + f"{tier}, {marks}}}\n"
    assert [place.split()[-1] for place in places(services=services)] == ["PAI205"]
