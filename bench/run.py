"""Runs every measurement in this folder in turn, each in a process of its own; fails when one of them failed."""

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
    return subprocess.run([sys.executable, script], cwd=HERE.parents[1], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
