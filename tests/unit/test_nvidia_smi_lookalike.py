"""What the job exporter believes to be nvidia-smi, with the XML of drivers before and since 535.

What the image parses: src/job-exporter/src/nvidia.py of v1.8.0. Driver 555 writes by nvsmi_device_v12.dtd.
"""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.dom.minidom import Element, parseString

import pytest

from tests.unit.job_exporter_scripts import SCRIPTS, Node, load

NEW = """<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log><gpu id="00000000:01:00.0">
  <clocks_event_reasons>
    <clocks_event_reason_gpu_idle>Active</clocks_event_reason_gpu_idle>
    <clocks_event_reason_hw_slowdown>Not Active</clocks_event_reason_hw_slowdown>
  </clocks_event_reasons>
  <ecc_errors>
    <volatile>
      <sram_correctable>1</sram_correctable>
      <sram_uncorrectable_parity>2</sram_uncorrectable_parity>
      <sram_uncorrectable_secded>3</sram_uncorrectable_secded>
      <dram_correctable>4</dram_correctable>
      <dram_uncorrectable>5</dram_uncorrectable>
    </volatile>
    <aggregate><sram_correctable>99</sram_correctable><dram_uncorrectable>99</dram_uncorrectable></aggregate>
  </ecc_errors>
  <processes>
    <process_info><pid>100</pid><process_name>python</process_name></process_info>
    <process_info><pid>200</pid><process_name>Xorg</process_name></process_info>
    <process_info><pid>300</pid><process_name>gone</process_name></process_info>
  </processes>
</gpu></nvidia_smi_log>
"""
OLD = """<nvidia_smi_log><gpu>
  <clocks_throttle_reasons><clocks_throttle_reason_gpu_idle>Active</clocks_throttle_reason_gpu_idle></clocks_throttle_reasons>
  <ecc_errors><volatile>
    <single_bit><total>6</total></single_bit><double_bit><total>7</total></double_bit>
  </volatile></ecc_errors>
</gpu></nvidia_smi_log>
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script on a node where process 100 runs in a container, 200 does not, and 300 has ended."""
    node = Node(tmp_path / "node")
    node.process(100, cgroup=f"/kubepods.slice/kubepods-pod1.slice/cri-containerd-{'a' * 64}.scope")
    node.process(200, cgroup="/system.slice/gdm.service")
    monkeypatch.setenv("PAICHART_PROC", str(node.proc))
    return load("nvidia-smi")


def gpu(xml: str) -> Element:
    return parseString(xml).getElementsByTagName("gpu")[0]  # noqa: S318 # it is ours


def text(element: Element) -> str:
    return str(element.childNodes[0].nodeValue)


def test_reasons_are_named_as_before_535(script: ModuleType) -> None:
    (reasons,) = gpu(script.rewritten(NEW)).getElementsByTagName("clocks_throttle_reasons")
    found = {node.tagName: text(node) for node in reasons.childNodes if node.nodeType == node.ELEMENT_NODE}
    assert found == {
        "clocks_throttle_reason_gpu_idle": "Active",
        "clocks_throttle_reason_hw_slowdown": "Not Active",
    }


def test_ecc_errors_since_boot_are_counted_under_the_old_names(script: ModuleType) -> None:
    (volatile,) = gpu(script.rewritten(NEW)).getElementsByTagName("volatile")
    totals = [
        text(volatile.getElementsByTagName(name)[0].getElementsByTagName("total")[0])
        for name in ("single_bit", "double_bit")
    ]
    assert totals == ["5", "10"]


def test_errors_that_a_gpu_does_not_count_stay_uncounted(script: ModuleType) -> None:
    xml = script.rewritten(NEW.replace(">1<", ">N/A<").replace(">4<", ">N/A<"))
    assert "<single_bit><total>0</total>" in xml
    none = "<volatile><sram_correctable>N/A</sram_correctable></volatile>"
    assert script.rewritten(none) == none


def test_only_processes_outside_containers_are_left(script: ModuleType) -> None:
    found = [text(pid) for pid in gpu(script.rewritten(NEW)).getElementsByTagName("pid")]
    assert found == ["200"]


def test_output_of_old_drivers_stays(script: ModuleType) -> None:
    assert script.rewritten(OLD) == OLD


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_next_one_in_path_is_run_and_its_code_returned(tmp_path: Path) -> None:
    own = tmp_path / "own/nvidia-smi"
    program(
        own,
        (SCRIPTS / "nvidia-smi").read_text().replace("/usr/local/bin/python3 -IS", f"{sys.executable} -IS"),
    )
    program(tmp_path / "real/nvidia-smi", '#!/bin/sh\necho "<clocks_event_reasons/> $*"\nexit 9\n')
    path = f"{own.parent}:{tmp_path / 'real'}:/usr/bin:/bin"
    asked = subprocess.run([own, "-q", "-x"], env={"PATH": path}, capture_output=True, text=True, check=False)
    assert (asked.stdout, asked.returncode) == ("<clocks_throttle_reasons/> -q -x\n", 9)
    other = subprocess.run([own, "-L"], env={"PATH": path}, capture_output=True, text=True, check=False)
    assert other.stdout == "<clocks_event_reasons/> -L\n"


def test_without_one_it_says_so(tmp_path: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{SCRIPTS}:{tmp_path}")
    assert script.main(["-q", "-x"]) == 127
