"""Settings: which file counts, what it may say, and what each mistake is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.config import DEFAULT_EXCLUDE, ConfigError, Settings, load_settings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src" / "app").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(start: Path, config: Path | None = None, **overrides: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(start, config, overrides)
    return caught.value.problems


def test_defaults(project: Path) -> None:
    assert load_settings(project) == Settings(root=project)


def test_every_key(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        """
[tool.callr-migrate]
target = "requests"
line-length = 99
target-version = "py312"
select = ["CLR1", "clr201"]
ignore = ["CLR105"]
exclude = ["old"]
extend-exclude = ["gen/*.py"]
rules = ["own-rules"]
auth = "basic"
accept-dropped = ["tag"]
[tool.callr-migrate.choices]
"sms.kind" = "one"
"""
    )
    assert load_settings(project / "src" / "app" / "x.py")._replace(origins={}) == Settings(
        root=project,
        config=project / "pyproject.toml",
        target="requests",
        line_length=99,
        target_version=(3, 12),
        select=("CLR1", "CLR201"),
        ignore=("CLR105",),
        exclude=("old",),
        extend_exclude=("gen/*.py",),
        rules=(project / "own-rules",),
        choices={"sms.kind": "one"},
        auth="basic",
        accept_dropped=("tag",),
    )


def test_the_nearest_file_counts(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.callr-migrate]\ntarget = "far"\n')
    (project / "src" / "callr-migrate.toml").write_text('target = "near"\n')
    near = load_settings(project / "src" / "app")
    assert (near.target, near.root) == ("near", project / "src")
    assert load_settings(project).target == "far"


def test_own_file_wins_over_the_shared_one_beside_it(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.callr-migrate]\ntarget = "shared"\n')
    (project / "callr-migrate.toml").write_text('target = "own"\n')
    assert load_settings(project).target == "own"


def test_a_pyproject_without_the_table_is_passed_over(project: Path) -> None:
    (project / "callr-migrate.toml").write_text('target = "far"\n')
    (project / "src" / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert load_settings(project / "src").target == "far"


def test_the_search_ends_at_the_repository(project: Path) -> None:
    (project / "callr-migrate.toml").write_text('target = "outside"\n')
    (project / "src" / ".git").mkdir()
    found = load_settings(project / "src" / "app")
    assert (found.target, found.root) == (None, project / "src")


def test_root_is_that_of_pyproject_without_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    assert load_settings(tmp_path / "a" / "b").root == tmp_path / "a"


def test_root_is_else_the_working_directory_or_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "b").mkdir(parents=True)
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert load_settings(Path("b")).root == tmp_path / "here"
    assert load_settings(Path("../there")).root == tmp_path / "there"


def test_a_named_file(project: Path) -> None:
    other = project / "src" / "other.toml"
    other.write_text('target = "named"\nrules = ["r"]\n')
    found = load_settings(project, other)
    # The file is for this project wherever it stands; its own paths are relative to itself.
    assert (found.target, found.rules, found.root) == ("named", (project / "src" / "r",), project)


def test_a_named_pyproject_must_have_the_table(project: Path) -> None:
    (project / "pyproject.toml").write_text("")
    assert problems(project, Path("pyproject.toml")) == ["pyproject.toml: has no table [tool.callr-migrate]"]


def test_a_named_file_must_exist(project: Path) -> None:
    assert problems(project, Path("nope.toml")) == ["nope.toml: cannot be read: no such file or directory"]


def test_every_mistake_is_named(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        """
[tool.callr-migrate]
traget = "httpx"
line-length = "88"
target-version = "2.7"
select = "CLR1"
ignore = ["E501"]
exclude = [1]
auth = "token"
accept-dropped = "tag"
choices = {a = 1}
xyzzy = true
"""
    )
    assert problems(project) == [
        "pyproject.toml: unknown key 'traget' (did you mean 'target'?)",
        "pyproject.toml: 'line-length' must be a whole number from 1 to 320",
        'pyproject.toml: \'target-version\' must be a Python 3 version such as "py310" or "3.10"',
        "pyproject.toml: 'select' must be a list of texts",
        "pyproject.toml: 'ignore' holds 'E501', which is no code; codes look like CLR101, CLR1 or ALL",
        "pyproject.toml: 'exclude' must be a list of texts",
        "pyproject.toml: 'auth' cannot be 'token'; it is one of keep, basic",
        "pyproject.toml: 'accept-dropped' must be a list of texts",
        "pyproject.toml: 'choices' has an answer for 'a' that is not a text",
        "pyproject.toml: unknown key 'xyzzy'",
    ]


def test_true_is_no_line_length(project: Path) -> None:
    (project / "callr-migrate.toml").write_text("line-length = true\n")
    assert problems(project) == ["callr-migrate.toml: 'line-length' must be a whole number from 1 to 320"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        # What follows is the parser's, and differs between versions of Python.
        (b"target = \n", "pyproject.toml: is not valid TOML: "),
        (b"x = '\xff'\n", "pyproject.toml: is not UTF-8, as TOML must be"),
        (b"x = " + b"[" * 100_000, "pyproject.toml: is n"),
    ],
)
def test_a_broken_file(project: Path, content: bytes, problem: str) -> None:
    (project / "pyproject.toml").write_bytes(content)
    (found,) = problems(project)
    assert found.startswith(problem)
    assert "\n" not in found


def test_a_byte_order_mark_is_no_mistake(project: Path) -> None:
    (project / "callr-migrate.toml").write_bytes(b"\xef\xbb\xbftarget = 'requests'\n")
    assert load_settings(project).target == "requests"


@pytest.mark.parametrize(
    ("pyproject", "length"),
    [
        ("[tool.ruff]\nline-length = 100\n[tool.black]\nline-length = 70", 100),
        ("[tool.black]\nline-length = 70", 70),
        ("[tool.ruff]\nline-length = 'x'", 88),
        ("[tool.ruff]\nline-length = 100\n[tool.callr-migrate]\nline-length = 60", 60),
        ("tool = 3", 88),
    ],
)
def test_line_length_falls_back_to_other_tools(project: Path, pyproject: str, length: int) -> None:
    (project / "pyproject.toml").write_text(pyproject)
    assert load_settings(project).line_length == length


@pytest.mark.parametrize(
    ("stated", "version"),
    [
        (">=3.8", (3, 8)),
        (">= 3.11, <4", (3, 11)),
        ("~=3.9", (3, 9)),
        ("==3.12.*", (3, 12)),
        ("<4,>=3.9,!=3.9.1", (3, 9)),
        (">=3", (3, 0)),
        (">=3.8, >3.9", (3, 9)),
        (">=2.7", (3, 10)),
        ("<3.13", (3, 10)),
        ("", (3, 10)),
    ],
)
def test_target_version_falls_back_to_requires_python(
    project: Path, stated: str, version: tuple[int, int]
) -> None:
    (project / "pyproject.toml").write_text(f'[project]\nrequires-python = "{stated}"\n')
    assert load_settings(project).target_version == version


def test_poetry_states_its_python_elsewhere(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.poetry.dependencies]\npython = "^3.9"\n')
    assert load_settings(project).target_version == (3, 9)


def test_fallbacks_come_from_pyproject_also_beside_an_own_file(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.ruff]\nline-length = 77\n[project]\nrequires-python = ">=3.12"\n'
    )
    (project / "callr-migrate.toml").write_text("")
    found = load_settings(project)
    assert (found.line_length, found.target_version) == (77, (3, 12))


def test_the_command_line_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "callr-migrate.toml").write_text(
        'target = "a"\nselect = ["CLR1"]\nrules = ["r"]\nextend-exclude = ["e"]\nexclude = ["x"]\n'
    )
    monkeypatch.chdir(project / "src")
    found = load_settings(
        Path(),
        None,
        {
            "target": "b",
            "select": None,
            "rules": ["own"],
            "extend_exclude": ["f"],
            "exclude": ["y"],
            "target_version": "3.11",
        },
    )
    assert (found.target, found.select, found.exclude) == ("b", ("CLR1",), ("y",))
    assert found.target_version == (3, 11)
    # These two add: a folder given by hand lies on top, relative to where one is.
    assert found.rules == (project / "r", project / "src" / "own")
    assert found.extend_exclude == ("e", "f")


def test_mistakes_on_the_command_line(project: Path) -> None:
    assert problems(project, select=["X"], target_version="4") == [
        "--select holds 'X', which is no code; codes look like CLR101, CLR1 or ALL",
        '--target-version must be a Python 3 version such as "py310" or "3.10"',
    ]


@pytest.mark.parametrize(
    ("select", "ignore", "wanted"),
    [
        ((), (), {"CLR101", "CLR102", "CLR201"}),
        (("CLR1",), (), {"CLR101", "CLR102"}),
        (("ALL",), ("CLR1",), {"CLR201"}),
        (("CLR102",), ("CLR1",), {"CLR102"}),
        (("CLR1",), ("CLR101",), {"CLR102"}),
        (("CLR101",), ("CLR101",), set()),
        ((), ("ALL",), set()),
    ],
)
def test_the_more_exact_selector_decides(
    select: tuple[str, ...], ignore: tuple[str, ...], wanted: set[str]
) -> None:
    settings = Settings(root=Path(), select=select, ignore=ignore)
    assert {code for code in ("CLR101", "CLR102", "CLR201") if settings.wants(code)} == wanted


def test_default_excludes_are_sorted_names() -> None:
    assert list(DEFAULT_EXCLUDE) == sorted(DEFAULT_EXCLUDE)


def test_codes_left_out_in_some_files(project: Path) -> None:
    (project / "callr-migrate.toml").write_text(
        '[per-file-ignores]\n"tests/*.py" = ["CLR1"]\n"old.py" = ["ALL"]\n"!src/**" = ["CLR601"]\n'
    )
    found = load_settings(project / "src")

    def wanted(path: str) -> list[str]:
        return [code for code in ("CLR101", "CLR601") if found.wants(code, Path(path))]

    assert wanted("src/x.py") == ["CLR101", "CLR601"]
    assert wanted("tests/x.py") == []
    assert wanted("tests/deep/x.py") == ["CLR101"]
    assert wanted("src/tests/../old.py") == []
    assert wanted("x.py") == ["CLR101"]
    assert wanted(str(project / "src" / "old.py")) == []
    assert wanted("../old.py") == []


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("per-file-ignores = ['CLR1']", "must be a table of globs and lists of codes"),
        ("[per-file-ignores]\n'x.py' = 'CLR1'", "must be a list of texts"),
        (
            "[per-file-ignores]\n'x.py' = ['E1']",
            "holds 'E1', which is no code; codes look like CLR101, CLR1 or ALL",
        ),
        ("[per-file-ignores]\n'#x' = ['CLR1']", "has the glob '#x', which matches nothing"),
        ("[per-file-ignores]\n'' = ['CLR1']", "has the glob '', which matches nothing"),
    ],
)
def test_mistakes_about_some_files(project: Path, table: str, problem: str) -> None:
    (project / "callr-migrate.toml").write_text(table)
    assert problems(project) == [f"callr-migrate.toml: 'per-file-ignores' {problem}"]


# -- extend -----------------------------------------------------------------------------------------------------


def test_a_file_extends_another(project: Path) -> None:
    (project / "base.toml").write_text(
        'target = "requests"\nline-length = 60\nselect = ["CLR1"]\nrules = ["r"]\nextend-exclude = ["a"]\n'
        'exclude = ["b"]\n[choices]\nx = "1"\ny = "1"\n[per-file-ignores]\n"p" = ["CLR1"]\n"q" = ["CLR1"]\n'
    )
    (project / "src" / "callr-migrate.toml").write_text(
        'extend = "../base.toml"\nselect = ["CLR2"]\nrules = ["s"]\nextend-exclude = ["c"]\nexclude = ["d"]\n'
        '[choices]\ny = "2"\nz = "2"\n[per-file-ignores]\n"q" = ["CLR2"]\n'
    )
    found = load_settings(project / "src")
    assert (found.target, found.line_length, found.select) == ("requests", 60, ("CLR2",))
    assert found.exclude == ("d",)
    # These grow; folders are relative to the file that names them.
    assert found.extend_exclude == ("a", "c")
    assert found.rules == (project / "r", project / "src" / "s")
    assert found.choices == {"x": "1", "y": "2", "z": "2"}
    assert found.per_file_ignores == (("p", ("CLR1",)), ("q", ("CLR2",)))
    assert (found.root, found.config) == (project / "src", project / "src" / "callr-migrate.toml")


def test_a_file_extends_a_pyproject_that_extends_another(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.ruff]\nline-length = 70\n[tool.callr-migrate]\nextend = "src/base.toml"\ntarget = "a"\n'
    )
    (project / "src" / "base.toml").write_text('target = "b"\nauth = "keep"\n')
    (project / "src" / "callr-migrate.toml").write_text('extend = "../pyproject.toml"\n')
    found = load_settings(project / "src")
    assert (found.target, found.auth, found.line_length) == ("a", "keep", 70)


def test_a_file_in_the_home_folder_is_extended(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(project / "src"))
    monkeypatch.setenv("USERPROFILE", str(project / "src"))
    (project / "src" / "base.toml").write_text('target = "b"\n')
    (project / "callr-migrate.toml").write_text('extend = "~/base.toml"\n')
    assert load_settings(project).target == "b"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            {"callr-migrate.toml": 'extend = "gone.toml"'},
            "callr-migrate.toml: 'extend' names gone.toml: cannot be read: no such file or directory",
        ),
        ({"callr-migrate.toml": "extend = 3"}, "callr-migrate.toml: 'extend' must be a text"),
        (
            {"callr-migrate.toml": 'extend = "callr-migrate.toml"'},
            "callr-migrate.toml: 'extend' leads back to callr-migrate.toml",
        ),
        (
            {"callr-migrate.toml": 'extend = "a.toml"', "a.toml": 'extend = "./src/../callr-migrate.toml"'},
            "a.toml: 'extend' leads back to callr-migrate.toml",
        ),
        (
            {"callr-migrate.toml": 'extend = "pyproject.toml"', "pyproject.toml": ""},
            "callr-migrate.toml: 'extend' names pyproject.toml: has no table [tool.callr-migrate]",
        ),
        (
            {"callr-migrate.toml": 'extend = "a.toml"', "a.toml": "traget = 1"},
            "a.toml: unknown key 'traget' (did you mean 'target'?)",
        ),
    ],
)
def test_mistakes_about_what_is_extended(project: Path, files: dict[str, str], problem: str) -> None:
    for name, text in files.items():
        (project / name).write_text(text)
    assert problems(project) == [problem]


@pytest.mark.parametrize(
    ("files", "length"),
    [
        ({"ruff.toml": "line-length = 61"}, 61),
        ({".ruff.toml": "line-length = 61", "ruff.toml": "line-length = 62"}, 61),
        ({"ruff.toml": "line-length = 61", "pyproject.toml": "[tool.ruff]\nline-length = 62"}, 61),
        ({"ruff.toml": "line-length = 61", "src/pyproject.toml": "[tool.ruff]\nline-length = 62"}, 62),
        ({"ruff.toml": "line-length = 61", "src/pyproject.toml": ""}, 61),
        ({"ruff.toml": "[lint]", "pyproject.toml": "[tool.black]\nline-length = 62"}, 62),
        ({"ruff.toml": "=", "pyproject.toml": "[tool.black]\nline-length = 62"}, 62),
    ],
)
def test_line_length_of_ruffs_own_file(project: Path, files: dict[str, str], length: int) -> None:
    for name, text in files.items():
        (project / name).write_text(text)
    assert load_settings(project / "src").line_length == length


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[tool.callr_migrate]\ntarget = 'a'", "callr_migrate"),
        ("[tool.Callr-Migrate]", "Callr-Migrate"),
        ("[tool]\ncallr-migrate = 3", "callr-migrate"),
    ],
)
def test_a_table_that_would_go_unread(project: Path, text: str, name: str) -> None:
    (project / "pyproject.toml").write_text(text)
    assert problems(project) == [
        f"pyproject.toml: [tool.{name}] is not read (did you mean [tool.callr-migrate], as a table?)"
    ]


def test_keys_are_spelled_with_hyphens(project: Path) -> None:
    (project / "callr-migrate.toml").write_text("line_length = 80\nperfileignores = {}\n")
    assert problems(project) == [
        "callr-migrate.toml: unknown key 'line_length' (did you mean 'line-length'?)",
        "callr-migrate.toml: unknown key 'perfileignores' (did you mean 'per-file-ignores'?)",
    ]
