#!/bin/sh
# Ready: fluentd runs, and frameworkcontroller's log is here, in the form that fluentd reads.
#
# ready.sh FOLDER   FOLDER may hold *
set -eu
wget -q -T 5 -O /dev/null http://127.0.0.1:24220/api/plugins.json
for file in $1/*.log; do
  if [ ! -e "$file" ]; then
    echo "no log of frameworkcontroller on this node: $1"
    exit 1
  fi
  if [ ! -r "$file" ]; then
    echo "not allowed to read $file (SELinux? see docs/services/fluentd.md)"
    exit 1
  fi
  first=$(head -c 60 "$file")
  case $first in
    "" | ????-??-??T??:??:??*\ std*) ;;
    *)
      echo "$file is not written by containerd or CRI-O: $first"
      exit 1
      ;;
  esac
done
