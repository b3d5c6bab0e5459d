"""Runs every measurement in this folder in turn; fails when one of them failed.

python bench/run.py              each in a process of its own, at full size, held against its targets
python bench/run.py --small      all in one process, tiny: whether they still run, not how fast anything is
"""

import os
import runpy
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve()
ROOT = HERE.parents[1]
NO_BENCH = ("run.py", "sizes.py")


def main() -> int:
    is_small = "--small" in sys.argv[1:]
    scripts = [path for path in sorted(HERE.parent.glob("*.py")) if path.name not in NO_BENCH]
    failed = [path.name for path in scripts if not (run_small if is_small else run)(path)]
    print(f"\n{len(scripts) - len(failed)} passed, {len(failed)} failed {' '.join(failed)}".rstrip())
    return 1 if failed else 0


def run(script: Path) -> bool:
    print(f"\n== {script.name}", flush=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, script], cwd=ROOT, env=environment, check=False).returncode == 0


def run_small(script: Path) -> bool:
    """A missed target does not count: so few rounds measure nothing. Whatever else ends it, does."""
    print(f"\n== {script.name}", flush=True)
    os.environ["BENCH"] = "small"
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit:
        return True
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
