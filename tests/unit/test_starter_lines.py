"""Machines typed in: what a line means, and what is said of one that means nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest

from paichart.model import Device
from paichart.starter.choices import AnswerError, address, one_of, setting
from paichart.starter.lines import read_line, together


def test_a_line_may_say_little():
    (machine,) = read_line("cp 10.0.0.1")
    assert (machine.name, machine.address, machine.device) == ("cp", "10.0.0.1", None)


def test_a_line_may_stand_for_many():
    machines = read_line("gpu[08-11].lab fd00::fe cpu=64, mem=0.5Ti, gpu=8, model=MI300X, type=amd.com/gpu")
    assert [(machine.name, machine.address) for machine in machines] == [
        ("gpu08.lab", "fd00::fe"),
        ("gpu09.lab", "fd00::ff"),
        ("gpu10.lab", "fd00::100"),
        ("gpu11.lab", "fd00::101"),
    ]
    assert {machine.device for machine in machines} == {Device("amd.com/gpu", "MI300X", 8)}
    assert (machines[0].cpu, machines[0].memory) == (Fraction(64), 512 * 1024)


BAD_LINES = [
    ("", "a name and an address are needed"),
    ("gpu1", "a name and an address are needed"),
    ("GPU1 10.0.0.1", "'GPU1' can't be a node name"),
    ("gpu[1-2 10.0.0.1", "can't be a node name"),
    ("gpu[9-1] 10.0.0.1", "'[9-1]' is no range"),
    ("gpu[0-99999] 10.0.0.1", "is no range"),
    ("gpu1 10.0.0.300", "'10.0.0.300' is no IPv4 or IPv6 address"),
    ("gpu[1-9] 255.255.255.254", "'255.255.255.254' is no IPv4 or IPv6 address"),
    ("gpu1 10.0.0.1 gpus=8", "'gpus=8' is not understood; did you mean 'gpu'?"),
    ("gpu1 10.0.0.1 8", "'8' is not understood; write cpu=…"),
    ("gpu1 10.0.0.1 cpu=lots", "'cpu=lots' is no number of cores"),
    ("gpu1 10.0.0.1 mem=480", "'mem=480' is no amount of memory of 1Gi or more"),
    ("gpu1 10.0.0.1 gpu=-1", "'gpu=-1' is no number of devices"),
    ("gpu1 10.0.0.1 gpu=²", "'gpu=²' is no number of devices"),
    ("gpu1 10.0.0.1 gpu=2 model=a:b", "'model=a:b' is no model"),
    ("gpu1 10.0.0.1 gpu=2 type=GPU", "'type=GPU' is no resource name"),
    ("gpu1 10.0.0.1 cpu=4 gpu=8", "8 devices share 4 cores; HiveD gives each at least one"),
]


@pytest.mark.parametrize(("line", "message"), BAD_LINES)
def test_a_line_that_is_no_machine_is_told_why(line, message):
    with pytest.raises(AnswerError) as error:
        read_line(line)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("master", "workers", "message"),
    [
        ("cp 10.0.0.1", "w 10.0.0.1", "'w' has the address of cp"),
        ("cp 10.0.0.1", "w[1-2] 10.0.0.2\nw1 10.0.0.9", "'w1' is named twice"),
        ("cp[1-2] 10.0.0.1", "w 10.0.0.9", "there is one master"),
    ],
)
def test_machines_have_names_and_addresses_of_their_own(master, workers, message):
    lines = [machine for line in workers.splitlines() for machine in read_line(line)]
    with pytest.raises(AnswerError, match=message):
        together(read_line(master), tuple(lines))


def test_a_master_among_the_workers_is_both():
    roles = together(read_line("desk 10.0.0.1"), read_line("desk 10.0.0.1"))
    assert roles.is_shared


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("pai.example.com", "did you mean 'https://pai.example.com'?"),
        ("ftp://pai.example.com", "must be an address such as"),
        ("https://pai.example.com:99999", "port 99999 is not among 1 to 65535"),
        ("https://pai.example.com/?a", "must be an address such as"),
    ],
)
def test_an_address_that_users_can_not_type_is_refused(answer, message):
    with pytest.raises(AnswerError) as error:
        address(answer)
    assert message in str(error.value)


def test_answers_are_held_against_the_schemas():
    assert setting("fast", "config", "paichart", "storage", "class") == "fast"
    with pytest.raises(AnswerError, match="Kubernetes name"):
        setting("Fast", "config", "paichart", "storage", "class")


def test_a_word_is_known_in_any_case_and_a_slip_is_guessed():
    assert one_of("NODEPORT", ("hostPort", "nodePort"), "way") == "nodePort"
    with pytest.raises(AnswerError, match="'nodport' is no way; did you mean 'nodePort'"):
        one_of("nodport", ("hostPort", "nodePort"), "way")
