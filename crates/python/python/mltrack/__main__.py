"""``python -m mltrack`` is the program ``mltrack``.

Invariant: started by its path, as the program starts itself, it belongs to the package that it lies in, and what is in
that folder hides no module of Python's.
"""

import sys

if not __package__:
    folder = __file__.rpartition("/")[0]
    if sys.path and sys.path[0] == folder:
        del sys.path[0]
    sys.path.insert(0, folder.rpartition("/")[0])

from mltrack._program import main

if __name__ == "__main__":
    sys.exit(main())
