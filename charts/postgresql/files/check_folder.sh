#!/bin/bash
# Refuses to let PostgreSQL start beside the data that it had: with an empty database the database controller would delete
# every running job.
#
# check_folder.sh ROOT FOLDER SECONDS
#   ROOT     where the node's folders are mounted
#   FOLDER   the database's folder on the node; internal-storage keeps its disk image beside it and mounts it there
#   SECONDS  how long to wait for internal-storage; 0 when the folder is no loop disk
set -euo pipefail
root=$1 folder=$2 seconds=$3
parent=$(dirname "$folder")

refuse() {
  echo "refused: $1" >&2
  shift
  (($#)) && printf '  %s\n' "$@" >&2
  exit 1
}

for path in "$parent" "$folder"; do
  if [[ -d $root$path && ! -x $root$path ]]; then
    refuse "user $(id -u) may not look into $path on this node; let it (chmod a+x $path)"
  fi
done

# internal-storage leaves this file on the disk that it mounts: it tells the disk from the bare folder.
is_mounted() { [[ -e $root$folder/READY ]]; }

deadline=$((SECONDS + seconds))
until is_mounted || ((SECONDS >= deadline)); do
  echo "waiting for internal-storage to mount its disk at $folder ($((deadline - SECONDS)) s left)"
  sleep 2
done

if is_mounted; then
  echo "the disk of internal-storage is mounted at $folder"
elif ((seconds > 0)); then
  refuse "internal-storage has not mounted its disk at $folder on this node; look at the log of its pod"
elif [[ -e $root$parent/storage.ext4 ]]; then
  refuse "the disk image $parent/storage.ext4 is not mounted at $folder: the database on it would be missed" \
    "mount it on this node (mount -o loop,rw,usrquota,grpquota $parent/storage.ext4 $folder), or switch internal-storage on" \
    "or, once its content has been copied to $folder, rename storage.ext4"
else
  echo "$folder is an ordinary folder"
fi
