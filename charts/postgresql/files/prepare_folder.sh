#!/bin/bash
# Gives PostgreSQL its own subfolder `pgdata`. Runs as root, with no power but to give files away.
#
# prepare_folder.sh FOLDER UID:GID
set -euo pipefail
folder=$1 owner=$2
data=$folder/pgdata

# In a folder of its own PostgreSQL makes the subfolder itself.
if [[ ! -e $data && $(stat -c %u "$folder") != "${owner%:*}" ]]; then
  mkdir -m 0700 "$data"
fi
if [[ -e $data && $(stat -c %u:%g "$data") != "$owner" ]]; then
  echo "giving $data to $owner"
  chown -R "$owner" "$data"
fi
