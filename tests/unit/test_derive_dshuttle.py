"""What DShuttle's subcharts get. Legacy (v1.8.0): defaults in src/dshuttle/config/dshuttle.yaml, options in
src/dshuttle-master/deploy/dshuttle-config.yaml.template.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from paichart.alluxio import memory_tier, parts, size
from paichart.derive import dshuttle, dshuttle_csi, dshuttle_master, dshuttle_worker
from paichart.model import Cluster
from tests.unit.derived import CHARTS, satisfies_schema, site

GIB = 1024**3


def with_settings(**settings: Any) -> Cluster:
    return site({"dshuttle": settings})


def options(variable: str, **settings: Any) -> list[str]:
    """The Java options of one variable, a word each."""
    text = dshuttle.environment(with_settings(**settings))[variable]
    return str(text).split(" ")


# id, variable, words that legacy gave; the master's address comes from the chart.
LEGACY = [
    (
        "all",
        "ALLUXIO_JAVA_OPTS",
        [
            "-Dalluxio.master.ufs.path.cache.capacity=10000000",
            "-Dalluxio.job.master.worker.heartbeat.interval=1sec",
            "-Dalluxio.job.master.finished.job.retention.time=1sec",
            "-Dalluxio.job.worker.threadpool.size=200",
            "-Dalluxio.master.journal.type=UFS",
            "-Dalluxio.master.journal.folder=/journal",
            "-Dalluxio.master.mount.table.root.ufs=/opt/alluxio/underFSStorage",
            "-Dalluxio.master.rpc.executor.parallelism=200",
            "-Dalluxio.security.stale.channel.purge.interval=365d",
            "-Dalluxio.user.metrics.collection.enabled=true",
            "-Dalluxio.master.rpc.port=30998",
            "-Dalluxio.master.web.port=30999",
            "-Dalluxio.job.master.rpc.port=31001",
            "-Dalluxio.job.master.web.port=31002",
            "-Dalluxio.user.block.size.bytes.default=32MB",
            "-Dalluxio.user.ufs.block.read.location.policy=alluxio.client.block.policy.MostAvailableFirstPolicy",
            "-Dalluxio.user.file.passive.cache.enabled=false",
            "-Dalluxio.security.authentication.type=NOSASL",
            "-Dalluxio.security.authorization.permission.enabled=false",
            "-Dalluxio.user.block.write.location.policy.class="
            "alluxio.client.block.policy.MostAvailableFirstPolicy",
            "-Dalluxio.worker.rpc.port=4999",
            "-Dalluxio.worker.web.port=5000",
            "-Dalluxio.worker.network.reader.buffer.size=1MB",
            "-Dalluxio.user.file.readtype.default=CACHE",
            "-Dalluxio.user.streaming.reader.chunk.size.bytes=256KB",
            "-Dalluxio.user.streaming.reader.buffer.size.messages=2",
            "-Dalluxio.user.network.streaming.flowcontrol.window=1MB",
            "-Dalluxio.user.block.worker.client.pool.min=50",
            "-Dalluxio.user.update.file.accesstime.disabled=true",
            "-Dalluxio.user.metadata.cache.enabled=true",
            "-Dalluxio.user.metadata.cache.max.size=2000000",
            "-Dalluxio.user.metadata.cache.expiration.time=24h",
            "-Dalluxio.user.file.master.client.pool.size.max=50",
            "-Dalluxio.fuse.jnifuse.enabled=true",
        ],
    ),
    (
        "master",
        "ALLUXIO_MASTER_JAVA_OPTS",
        ["-Dalluxio.master.web.bind.host=0.0.0.0", "-XX:ActiveProcessorCount=10", "-Xms1G", "-Xmx12G"],
    ),
    (
        "job-master",
        "ALLUXIO_JOB_MASTER_JAVA_OPTS",
        ["-Dalluxio.job.master.bind.host=0.0.0.0", "-XX:ActiveProcessorCount=10", "-Xms1G", "-Xmx6G"],
    ),
    (
        "worker",
        "ALLUXIO_WORKER_JAVA_OPTS",
        [
            "-Dalluxio.worker.bind.host=0.0.0.0",
            "-Dalluxio.worker.data.server.domain.socket.address=/opt/domain",
            "-Dalluxio.worker.data.server.domain.socket.as.uuid=true",
            # Legacy's 2G, written so that Kubernetes' other suffixes work as well.
            "-Dalluxio.worker.memory.size=2000000000B",
            "-Dalluxio.worker.hostname=${ALLUXIO_WORKER_HOSTNAME}",
            "-Dalluxio.worker.tieredstore.levels=1",
            "-Dalluxio.worker.tieredstore.level0.dirs.mediumtype=MEM,SSD",
            "-Dalluxio.worker.tieredstore.level0.alias=MEM",
            "-Dalluxio.worker.tieredstore.level0.dirs.path=/dev/shm,/mnt/ssd",
            "-Dalluxio.worker.tieredstore.level0.dirs.quota=1GB,100GB",
            "-Dalluxio.worker.tieredstore.level0.watermark.high.ratio=0.95",
            "-Dalluxio.worker.tieredstore.level0.watermark.low.ratio=0.7",
            "-XX:ActiveProcessorCount=5",
            "-Xms1G",
            "-Xmx4G",
        ],
    ),
    (
        "job-worker",
        "ALLUXIO_JOB_WORKER_JAVA_OPTS",
        [
            "-Dalluxio.job.worker.rpc.port=5001",
            "-Dalluxio.job.worker.data.port=5002",
            "-Dalluxio.job.worker.web.port=5003",
            "-Dalluxio.worker.hostname=${ALLUXIO_WORKER_HOSTNAME}",
            "-XX:ActiveProcessorCount=5",
            "-Xms1G",
            "-Xmx2G",
        ],
    ),
    (
        "mounts",
        "ALLUXIO_FUSE_JAVA_OPTS",
        ["-Xms1G", "-Xmx5G", "-XX:MaxDirectMemorySize=3G", "-XX:ActiveProcessorCount=10"],
    ),
    ("image", "ALLUXIO_WORKER_TIEREDSTORE_LEVEL0_DIRS_PATH", ["/dev/shm"]),  # noqa: S108
]


@pytest.mark.parametrize(("variable", "words"), [pytest.param(*row[1:], id=row[0]) for row in LEGACY])
def test_processes_are_told_what_legacy_told_them(variable: str, words: list[str]) -> None:
    assert sorted(options(variable)) == sorted(words)


def test_nothing_else_is_told() -> None:
    assert sorted(dshuttle.environment(site())) == sorted(row[1] for row in LEGACY)


def test_each_tier_has_its_properties() -> None:
    marks = {"watermark_low_ratio": 0.5, "watermark_high_ratio": 1}
    tiers = [
        {"level": 0, "mediumtype": "MEM", "alias": "MEM", "path": "/dev/shm", "quota": "4GB", **marks},  # noqa: S108
        {"level": 1, "mediumtype": "SSD", "alias": "SSD", "path": "/mnt/ssd", "quota": "1TB", **marks},
    ]
    words = options("ALLUXIO_WORKER_JAVA_OPTS", tieredstores=tiers)
    assert "-Dalluxio.worker.tieredstore.levels=2" in words
    assert "-Dalluxio.worker.tieredstore.level1.dirs.path=/mnt/ssd" in words
    assert "-Dalluxio.worker.tieredstore.level1.watermark.high.ratio=1" in words
    worker = dshuttle_worker.values(with_settings(tieredstores=tiers))
    assert worker["memoryFolderSize"] == "4Gi"


def test_blanks_in_lists_split_no_option() -> None:
    tier = {"level": 0, "alias": "MEM", "watermark_low_ratio": 0.7, "watermark_high_ratio": 0.95}
    lists = {"mediumtype": "MEM, SSD", "path": "/dev/shm, /mnt/ssd", "quota": "1GB, 2GB"}  # noqa: S108
    words = options("ALLUXIO_WORKER_JAVA_OPTS", tieredstores=[{**tier, **lists}])
    assert "-Dalluxio.worker.tieredstore.level0.dirs.quota=1GB,2GB" in words


def test_a_small_heap_does_not_begin_above_its_end() -> None:
    # Java refuses -Xms1G -Xmx512m.
    words = options("ALLUXIO_JOB_WORKER_JAVA_OPTS", job_worker_max_heap_size="512m")
    assert words[-3:-1] == ["-Xms512m", "-Xmx512m"]


def test_memory_in_kubernetes_own_words_is_bytes_for_alluxio() -> None:
    words = options("ALLUXIO_WORKER_JAVA_OPTS", worker_request_mem="2Gi")
    assert f"-Dalluxio.worker.memory.size={2 * GIB}B" in words


@pytest.mark.parametrize(
    ("text", "amount"),
    [("4G", 4 * GIB), ("4GB", 4 * GIB), ("50MB", 50 * 1024**2), ("7", 7), ("1t", 1024**4), ("much", 0)],
)
def test_sizes_of_java_and_alluxio_are_powers_of_1024(text: str, amount: int) -> None:
    assert size(text) == amount


def test_only_folders_in_memory_count() -> None:
    tiers = [{"path": "/dev/shm,/mnt/ssd", "quota": "1GB,100GB"}, {"path": "/dev/shm", "quota": "512MB"}]  # noqa: S108
    assert memory_tier(tiers) == GIB + GIB // 2
    assert parts(" a, b ") == ["a", "b"]


def test_the_master_gets_ports_memory_logs_and_folders() -> None:
    values = dshuttle_master.values(site())
    assert {key: value for key, value in values.items() if key != "environment"} == {
        "ports": {"rpc": 30998, "jobRpc": 31001, "jobWeb": 31002},
        "memory": {"request": "8G", "limit": "16G"},
        "jobMaster": {"memory": {"request": "4G", "limit": "8G"}},
        # Four processes' files, each of 50 MB with 20 old ones, are 4.1 GiB; one more for Java's own.
        "log": {"level": "INFO", "maxFileSize": "50MB", "maxBackupIndex": 20, "volumeSize": "6Gi"},
        "persistence": {
            "journal": {"hostPath": "/mnt/dshuttle/journal", "node": "pai-master"},
            "ufs": {"hostPath": "/mnt/dshuttle/ufs", "node": "pai-master"},
        },
    }


def test_a_storage_class_takes_journal_and_files() -> None:
    values = dshuttle_master.values(site(paichart={"storage": {"class": "fast"}}))
    assert values["persistence"] == {"journal": {"storageClass": "fast"}, "ufs": {"storageClass": "fast"}}


def test_workers_get_ports_memory_and_room_for_files_in_memory() -> None:
    assert dshuttle_worker.values(site()) == {
        "masterRpcPort": 30998,
        "ports": {"rpc": 4999, "web": 5000, "jobRpc": 5001, "jobData": 5002, "jobWeb": 5003},
        "memory": {"request": "2G", "limit": "8G"},
        "jobWorker": {"memory": {"request": "1G", "limit": "3G"}},
        "memoryFolderSize": "1Gi",
    }


def test_without_a_tier_in_memory_its_folder_is_small() -> None:
    tier = {"level": 0, "mediumtype": "SSD", "alias": "SSD", "path": "/mnt/ssd", "quota": "1TB"}
    marks = {"watermark_low_ratio": 0.7, "watermark_high_ratio": 0.95}
    values = dshuttle_worker.values(with_settings(tieredstores=[{**tier, **marks}]))
    assert values["memoryFolderSize"] == "64Mi"


def test_the_driver_gets_memory_and_kubelets_folder() -> None:
    assert dshuttle_csi.values(site(paichart={"kubelet-root": "/var/lib/k0s/kubelet/"})) == {
        "kubeletRoot": "/var/lib/k0s/kubelet",
        "memory": {"request": "4G", "limit": "10G"},
    }


@pytest.mark.parametrize("value", [True, "true", "TRUE"])
def test_dshuttle_is_on_when_asked_for(value: object) -> None:
    assert dshuttle.is_dshuttle_on(site({"cluster": {"common": {"dshuttle": value}}}))
    assert not dshuttle.is_dshuttle_on(site())


@pytest.mark.parametrize(
    ("chart", "values"),
    [
        ("dshuttle-master", dshuttle_master.values(site())),
        ("dshuttle-worker", dshuttle_worker.values(site())),
        ("dshuttle-csi", dshuttle_csi.values(site())),
    ],
)
def test_values_fit_the_charts_and_are_their_defaults(chart: str, values: dict[str, Any]) -> None:
    satisfies_schema(chart, values)
    defaults = yaml.safe_load((CHARTS / chart / "values.yaml").read_text(encoding="utf-8"))
    for name in ("environment", "ports", "memory", "memoryFolderSize", "masterRpcPort"):
        assert values.get(name) == (defaults[name] if name in values else None), name
