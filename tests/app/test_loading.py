"""Is a town there soon? What takes long to load is loaded where it is used, in the processes that compute."""

import os
import subprocess
import sys

HEAVY = ("scipy.stats", "sklearn", "lightgbm", "reportlab")
LOAD = f"""
import sys
import machinami.app.running
from machinami.kit.installed import installed
services, broken = installed()
assert services and not broken, broken
print(*[name for name in {HEAVY} if name in sys.modules])
"""


def test_nothing_that_takes_long_to_load_is_loaded_for_a_town_to_start() -> None:
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, timeout=120, env=where)
    assert (done.stdout.split(), done.stderr) == ([], "")
