"""Give a folder on the node, with all that lies in it, to a service's user.

    prepare_folder.py FOLDER UID GID

Runs as root in an init container, in Python 3.7 with nothing but the standard library. A folder that belongs to the user already
is left alone, so that a big one costs nothing at the next start. The folder itself comes last: when this was stopped half-way,
the next run does all of it.
"""

import os
import sys


def give(folder, uid, gid):
    """Return how many files and folders changed hands. Links are given away themselves, never followed."""
    owner = os.lstat(folder)
    if (owner.st_uid, owner.st_gid) == (uid, gid):
        return 0
    given = 0
    for parent, folders, files in os.walk(folder, topdown=False, onerror=fail):
        for name in folders + files:
            os.lchown(os.path.join(parent, name), uid, gid)
            given += 1
    os.lchown(folder, uid, gid)
    return given + 1


def fail(error):
    """Raise what os.walk would swallow."""
    raise error


def main(arguments):
    """Return the exit code."""
    folder, uid, gid = arguments[0], int(arguments[1]), int(arguments[2])
    try:
        given = give(folder, uid, gid)
    except OSError as error:
        print("the folder can't be given to user %d: %s" % (uid, error), file=sys.stderr)
        return 1
    print("%d files and folders given to %d:%d" % (given, uid, gid) if given else "the folder is user %d's" % uid)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
