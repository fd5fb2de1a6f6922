"""Values of frameworkcontroller: the failures that it tells apart."""

from __future__ import annotations

from paichart.derive import frameworkcontroller
from tests.unit.derived import satisfies_schema, site


def test_frameworkcontroller_gets_the_exit_codes() -> None:
    failures = frameworkcontroller.values(site())["podFailureSpec"]
    assert isinstance(failures, list)
    assert len(failures) == 50
    own = {"k8s-job-exit-spec": {"spec": [{"code": 42, "phrase": "Own"}]}}
    assert frameworkcontroller.values(site(own)) == {
        "podFailureSpec": [
            {
                "code": 42,
                "phrase": "Own",
                "podPatterns": [
                    {
                        "containers": [
                            {
                                "nameRegex": "(?ms).*",
                                "messageRegex": "(?ms).*",
                                "codeRange": {"min": 42, "max": 42},
                            }
                        ]
                    }
                ],
            }
        ]
    }


def test_values_satisfy_the_charts_schema() -> None:
    satisfies_schema("frameworkcontroller", frameworkcontroller.values(site()))
