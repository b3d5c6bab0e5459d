"""The measurements still run on the code of today: each of them, tiny, in one process; how fast is for `make bench`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NO_BENCH = {"run.py", "sizes.py"}
PRINTED = {
    "audit_log.py": (
        r"cost of a linked entry .*: \d+\.\d\d x",
        r"sealer takes [\d,]+ entries",
        r"verifying 200 entries",
    ),
    "key_rotation.py": (r"kek: .* [\d,]+  >= 40,000", r"data: .* [\d,]+  >= 3,000", r"index: .* [\d,]+  >= 30,000"),
    "sealed_fields.py": (r"warm keys / plain +\d+\.\d\d", r"AesGcmEngine .* \d+\.\d\d", r"find 5 people .* \d+\.\d\d"),
    "figures.py": (
        r"sqlite: growth exponent funnel",
        r"postgresql: growth exponent funnel",
        r"event: .* with: [+-]\d+%",
    ),
    "pages.py": (r"a page beside its JSON: \d+\.\d\d x",),
    "worker_memory.py": (r"after 20 requests \d+ MB",),
}

"""What each measurement must print: its ratios and speeds."""


def run_small(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "run.py"), "--small"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_every_measurement_runs_and_prints_its_figures() -> None:
    done = run_small(ROOT / "bench")
    assert done.returncode == 0, done.stdout + done.stderr
    parts = dict(re.findall(r"== (\S+)\n(.*?)(?=\n\n|\Z)", done.stdout, re.DOTALL))
    assert parts.keys() == PRINTED.keys() == {path.name for path in (ROOT / "bench").glob("*.py")} - NO_BENCH
    for name, patterns in PRINTED.items():
        assert [each for each in patterns if not re.search(each, parts[name])] == [], (name, parts[name])
    sys.stdout.write(done.stdout)


def test_a_measurement_that_no_longer_fits_the_code_fails(tmp_path: Path) -> None:
    """The control: a bench that asks for what was renamed long ago."""
    for name in ("run.py", "sizes.py", "key_rotation.py"):
        shutil.copy(ROOT / "bench" / name, tmp_path)
    bench = tmp_path / "key_rotation.py"
    bench.write_text(bench.read_text().replace("retired_wrapping_key", "retired_key"))
    done = run_small(tmp_path)
    assert (done.returncode, "0 passed, 1 failed key_rotation.py" in done.stdout) == (1, True)
