"""Values of fluentd. Its gate is legacy's: src/fluentd/deploy/start.sh.template asks job-history alone."""

from __future__ import annotations

import pytest

from paichart.derive import fluentd
from tests.unit.derived import satisfies_schema, site


@pytest.mark.parametrize(
    ("given", "is_wanted"),
    [(None, True), (True, True), ("true", True), ("True", True), (False, False), ("false", False)],
)
def test_job_history_switches_it(given: bool | str | None, is_wanted: bool) -> None:
    # Legacy's quick start writes "true": contrib/kubespray/quick-start/services-configuration.yaml.template.
    common = {} if given is None else {"job-history": given}
    assert fluentd.is_wanted(site({"cluster": {"common": common}})) is is_wanted


def test_folder_lies_beside_the_other_services_data() -> None:
    assert fluentd.values(site()) == {
        "persistence": {"hostPath": "/datastorage/fluentd", "node": "pai-master"},
    }
    values = fluentd.values(site({"cluster": {"common": {"data-path": "/data/"}}}))
    assert values["persistence"] == {"hostPath": "/data/fluentd", "node": "pai-master"}
    satisfies_schema("fluentd", values)


def test_storage_class_wins() -> None:
    values = fluentd.values(site(paichart={"storage": {"class": "ceph-block"}}))
    assert values == {"persistence": {"storageClass": "ceph-block"}}
    satisfies_schema("fluentd", values)
