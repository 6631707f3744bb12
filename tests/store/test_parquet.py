"""Is DuckDB loaded at the first need only?"""

import subprocess
import sys

SERVING = "import sys, machinami.app.running, machinami.cli.entrance; print('duckdb' in sys.modules)"


def test_nothing_that_serves_a_town_loads_duckdb() -> None:
    done = subprocess.run([sys.executable, "-c", SERVING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
