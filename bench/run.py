"""Runs every measurement in this folder in turn, each in a process of its own; fails when one of them failed."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve()


def main() -> int:
    scripts = [path for path in sorted(HERE.parent.glob("*.py")) if path != HERE]
    failed = [path.name for path in scripts if not run(path)]
    print(f"\n{len(scripts) - len(failed)} passed, {len(failed)} failed {' '.join(failed)}".rstrip())
    return 1 if failed else 0


def run(script: Path) -> bool:
    print(f"\n== {script.name}", flush=True)
    root = HERE.parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run([sys.executable, script], cwd=root, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
