"""The trees that are measured: public packages from PyPI, and legacy programs made up for the purpose."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Together some 5,000 files of Python. Only their sources are read; nothing of them is imported.
PACKAGES = ("ansible-core", "celery", "django", "kombu", "sphinx", "sqlalchemy", "sympy", "twilio", "twisted")

_HEAD = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n\n\n"
# One legacy call in five lines, in the shapes that programs have.
_BLOCKS = (
    'def send_{n}(number):\n    sms = api.call("sms.send", "", number, "Hello {n}", None)\n    return number\n\n\n',
    'def show_{n}(sms_hash):\n    sms = api.call("sms.get", sms_hash)\n    print(sms["text"], sms["status"])\n\n\n',
    'def time_{n}():\n    # The clock of the service.\n    api.call("system.get_timestamp")\n\n\n',
    'def list_{n}(kind):\n    for app in api.call("apps.get_list"):\n        print(app)\n\n\n',
)
_PLAIN = (
    "def plain_{n}(values, limit=10):\n    total = 0\n    for index, value in enumerate(values):\n"
    "        total += value * index\n    return total\n\n\n"
)


def program(calls: int, lines: int = 0) -> str:
    """A file with so many legacy calls, and at least so many lines."""
    blocks = [_BLOCKS[n % len(_BLOCKS)].replace("{n}", str(n)) for n in range(calls)]
    text = _HEAD + "".join(blocks)
    missing = max(lines - text.count("\n"), 0) // _PLAIN.count("\n")
    return text + "".join(_PLAIN.replace("{n}", str(n)) for n in range(missing))


def packages(folder: Path) -> dict[str, str]:
    """Install the public packages below a folder, unless they are there; their versions by name."""
    if not folder.exists():
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--no-compile",
                "--target",
                str(folder),
                *PACKAGES,
            ],
            check=True,
        )
    found = sorted(
        path.name.removesuffix(".dist-info").rpartition("-") for path in folder.glob("*.dist-info")
    )
    return {name: version for name, _, version in found}


def installed(folder: Path) -> Path:
    """Install the tool below a folder, as its wheel does it: with the rule pack compiled."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, stderr=subprocess.DEVNULL)
    return folder


def copied(folder: Path) -> Path:
    """The same without building a wheel, which takes a network."""
    from callr_migrate.pack.compiled import compile_pack

    package = folder / "callr_migrate"
    shutil.copytree(ROOT / "callr_migrate", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "rules", package / "rules")
    (package / "rules.compiled").write_bytes(compile_pack(package / "rules"))
    return folder


def clean(source: Path, tree: Path, share: int = 1) -> int:
    """Copy each `share`-th file of Python that cannot hold legacy code; how many there are."""
    from callr_migrate.gates import Gates
    from callr_migrate.pack import load_pack

    gates = Gates(load_pack())
    count = 0
    for number, path in enumerate(sorted(source.rglob("*.py"))):
        raw = path.read_bytes()
        if number % share == 0 and not gates.passes(raw):
            target = tree / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(raw)
            count += 1
    project(tree)
    return count


def project(tree: Path) -> None:
    """What a repository has besides: where it ends, what git ignores, settings of other tools."""
    tree.mkdir(parents=True, exist_ok=True)
    (tree / ".git").mkdir(exist_ok=True)
    (tree / ".gitignore").write_text("__pycache__/\n*.pyc\n.venv/\n/dist/\n*.egg-info/\n")
    (tree / "pyproject.toml").write_text('[project]\nname = "measured"\nrequires-python = ">=3.10"\n')


def legacy(tree: Path, files: int, calls: int = 20, lines: int = 0) -> list[Path]:
    """Add programs with legacy calls, over twenty folders; their paths."""
    project(tree)
    made = [tree / f"service_{number % 20}" / f"part_{number}.py" for number in range(files)]
    for path in made:
        path.parent.mkdir(exist_ok=True)
        path.write_text(program(calls, lines))
    return made


def codemod(folder: Path, tree: Path) -> list[str]:
    """The command line of libcst's own runner for codemods, with one that changes nothing."""
    package = folder / "noop"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "nothing.py").write_text(
        "from libcst.codemod import VisitorBasedCodemodCommand\n\n\n"
        "class Nothing(VisitorBasedCodemodCommand):\n    DESCRIPTION = 'Changes nothing.'\n"
    )
    (folder / ".libcst.codemod.yaml").write_text("modules: ['noop']\nrepo_root: '.'\nformatter: []\n")
    inside = folder / "tree"
    shutil.rmtree(inside, ignore_errors=True)
    shutil.copytree(tree, inside)
    return [sys.executable, "-m", "libcst.tool", "codemod", "--no-format", "nothing.Nothing", str(inside)]
