#!/bin/sh
# Takes customized alerts over if Prometheus can read them; else an alert says that they are off. Prometheus itself would not start.
#
# check_rules.sh GIVEN REFUSED TARGET
set -eu
given=$1 refused=$2 target=$3

if promtool check rules "$given"; then
  cp "$given" "$target"
else
  echo "refused: customized alerts are off; correct prometheus.customized-alerts in services-configuration.yaml" >&2
  cp "$refused" "$target"
fi
