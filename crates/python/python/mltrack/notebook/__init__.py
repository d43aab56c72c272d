"""What notebooks show: runs, tables and charts by themselves, a run as it goes, and the magic ``%mltrack``.

Nothing has to be called for the first: the last line of a cell is shown.  ``run.watch()`` shows a run as it goes, and
``%load_ext mltrack`` brings the magic.

Invariants: nothing here is imported before something is shown; IPython is never imported, only used where it is there;
every text of a run is escaped; what is shown needs no script and nothing from elsewhere, so that it stays in the file.
"""

from __future__ import annotations
