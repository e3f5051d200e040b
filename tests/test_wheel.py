"""What is installed works: a wheel carries its templates, migrations, topics and samples."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the pinned backend and unpacked as pip would (it has no scripts of its own)."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


@pytest.mark.long
def test_an_installed_wheel_plays_the_demo(installed: Path, tmp_path: Path) -> None:
    script = (
        "import sys, digest, json; assert digest.__file__.startswith(sys.argv[1]), digest.__file__;"
        "from digest.cli import main; sys.exit(main(['demo', '--json']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, str(installed)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sent"] == 5


def test_a_wheel_holds_nothing_but_the_software(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir()}
    assert {name for name in tops if not name.endswith(".dist-info")} == {"digest", "workers"}
    assert (installed / "digest" / "_bundled" / "alembic" / "env.py").exists()
    assert (installed / "digest" / "py.typed").exists()
