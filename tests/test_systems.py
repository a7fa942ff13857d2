"""What other systems lack, Windows above all: each gap is made here, and everything still works."""

from __future__ import annotations

import ast
import errno
import io
import os
import re
import stat
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sandbox import ROOT

import symchiral
from symchiral import disk
from symchiral.catalog import screening
from symchiral.catalog.lock import alone
from symchiral.children import Limits, _restrict
from symchiral.cli import main, streams
from symchiral.disk import read_regular, write_whole, writing_folder
from symchiral.reading import many
from symchiral.reading.deadline import within
from symchiral.reading.remote import Copies

PACKAGE = Path(symchiral.__file__).parent

# ---------------------------------------------------------------- the source

UNIX = {
    "os": "chown fchmod fork forkpty getuid geteuid getgid getpgid kill killpg lchown mkfifo mknod "
    "nice openpty pread pwrite rename sched_setaffinity setsid setuid statvfs sysconf uname "
    "wait waitpid O_NOFOLLOW O_DIRECTORY O_CLOEXEC O_NONBLOCK",
    "signal": "SIGKILL SIGALRM SIGUSR1 SIGUSR2 SIGHUP SIGPIPE alarm setitimer pthread_kill",
    "time": "tzset pthread_getcpuclockid clock_settime",
    "multiprocessing": "get_context",
}
"""Names that Windows does not have or, as os.rename, that mean something else there."""

MODULES = {
    "crypt", "curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog",
    "termios", "tty",
}  # fmt: skip


def test_the_package_asks_for_nothing_that_windows_lacks() -> None:
    """Modules that are missing there are imported where an ImportError is an answer."""
    found, files, guarded = [], 0, set()
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        files += 1
        for node in tree.body:
            if isinstance(node, ast.Import):
                found += [f"{path}: {a.name}" for a in node.names if a.name in MODULES]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                guarded |= {(path.name, a.name) for a in node.names if a.name in MODULES}
            elif isinstance(node, ast.ImportFrom) and node.module in {*MODULES, *UNIX}:
                names = {a.name for a in node.names}
                known = set(UNIX.get(node.module, "").split())
                if node.module in MODULES or names & known:
                    found.append(f"{path}: from {node.module}")
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.attr in UNIX.get(node.value.id, "").split()
            ):
                found.append(f"{path}:{node.lineno} {node.value.id}.{node.attr}")
    assert not found
    assert files > 250
    assert guarded == {("lock.py", "fcntl"), ("children.py", "resource")}, "try it below, too"


def test_every_file_may_be_checked_out_on_windows() -> None:
    """No reserved name, no forbidden character, none that differs from another by case alone."""
    names = [
        path.relative_to(ROOT).as_posix()
        for folder in ("symchiral", "structures", "tests", "docs", "tools", "recipe", ".github")
        for path in (ROOT / folder).rglob("*")
        if "__pycache__" not in path.parts
    ]
    assert len(names) > 700
    for name in names:
        assert len(name) < 160, name
        for part in name.split("/"):
            assert not re.search(r'[<>:"|?*\\\x00-\x1f]|[. ]$', part), name
            assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", part, re.IGNORECASE), name
    assert [name for name, n in Counter(name.lower() for name in names).items() if n > 1] == []


# ---------------------------------------------------------------- gaps, one by one


@pytest.fixture
def closed_folders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders cannot be opened; the list holds those that were tried."""
    real, tried = os.open, []

    def opened(path: str, flags: int, *rest: int, **named: int) -> int:
        if "dir_fd" not in named and os.path.isdir(path):  # rmtree of other systems gives one
            tried.append(os.fspath(path))
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", opened)
    return tried


def test_folders_of_results_where_folders_cannot_be_opened(
    tmp_path: Path, closed_folders: list[str]
) -> None:
    for text in ("first", "second"):
        with writing_folder(tmp_path / "new", "a test") as folder:
            (folder / "x.txt").write_text(f"{disk.mark('a test')}\n{text}", encoding="utf-8")
        assert (tmp_path / "new" / "x.txt").read_text(encoding="utf-8").endswith(text)
    assert len(closed_folders) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_files_where_folders_cannot_be_opened(tmp_path: Path, closed_folders: list[str]) -> None:
    write_whole(tmp_path / "x", b"whole")
    assert (tmp_path / "x").read_bytes() == b"whole"
    assert closed_folders == [str(tmp_path)]


def test_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with alone(tmp_path, (1, 2)), alone(tmp_path, (1, 2)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_no_limits_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    monkeypatch.setitem(sys.modules, "resource", None)
    _restrict(Limits(60.0, 10**9))
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_processors_of_the_process_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert screening.processors() == os.cpu_count()


def test_pipes_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_NONBLOCK", raising=False)
    data = b"a\r\nb\x1a\n"
    (tmp_path / "x").write_bytes(data)
    assert read_regular(tmp_path / "x", limit=100) == data


def test_no_processor_time_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    with within(60):
        pass

    def forever() -> None:
        with within(0.0):
            while True:
                pass

    with pytest.raises(TimeoutError):
        forever()


def test_a_pipe_that_nobody_reads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Windows says that the argument is invalid; elsewhere that would be an error."""
    for system, number, status in (
        ("nt", errno.EINVAL, 0),
        ("nt", errno.EPIPE, 0),
        ("posix", errno.EPIPE, 0),
        ("posix", errno.EINVAL, 1),
    ):
        with monkeypatch.context() as other:
            other.setattr(os, "name", system)
            other.setattr(sys, "stdout", io.StringIO())
            found = streams.failed(OSError(number, "it failed"))
        assert found == status, (system, number)
    assert capsys.readouterr().err.count("it failed") == 1


def test_caches_lie_where_windows_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SYMCHIRAL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert disk.cache_root() == tmp_path / "symchiral"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert disk.cache_root() == tmp_path / "x" / "symchiral"


def test_rows_of_a_catalog_have_one_name_on_every_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.cif").write_text("data_a\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (tmp_path / r"in\b.cif").write_text("data_b\n", encoding="utf-8")
    names = []
    for given in ("in/", r"in\b.cif"):
        with monkeypatch.context() as other:
            other.setattr(os, "sep", "\\")
            names += [name for _, name in many.list_sources([given], Copies()).sources]
    assert names == ["in/a.cif", "in/b.cif"]


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize("encoding", ["cp1252", "cp932"])
def test_consoles_without_utf8(tmp_path: Path, encoding: str) -> None:
    """What is printed can be printed, files are in UTF-8, whatever the console is."""
    code = "import sys; from symchiral.cli import main; sys.exit(main())"
    path = os.pathsep.join(x for x in (str(ROOT), os.environ.get("PYTHONPATH", "")) if x)
    env = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": f"{encoding}:strict"}
    command = [sys.executable, "-X", "utf8=0", "-c", code]
    for words in (["predict", "Bi2Se3"], ["predict", "Bi2Se3", "-o", "ü.md"], ["show", "Bi2Sé3"]):
        ran = subprocess.run(
            [*command, *words], env=env, cwd=tmp_path, capture_output=True, check=False
        )
        assert ran.returncode == (words[0] == "show"), ran.stderr
        assert b"Traceback" not in ran.stderr
        (ran.stdout + ran.stderr).decode(encoding)
    assert "σ" in (tmp_path / "ü.md").read_text(encoding="utf-8")


def test_files_have_one_end_of_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that is written has no carriage return, and what is read may have some."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "linesep", "\r\n")
    for ending in ("csv", "md", "tex", "txt", "json"):
        assert main(["predict", "Bi2Se3", "-o", f"x.{ending}", "--quiet"]) == 0
        data = Path(f"x.{ending}").read_bytes()
        assert data
        assert b"\r" not in data
    text = (ROOT / "structures" / "Bi2Se3.cif").read_bytes()
    Path("dos.cif").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert symchiral.read("dos.cif").space_group == 166
    traces = (ROOT / "structures" / "Bi2Se3" / "traces.csv").read_bytes()
    Path("dos.csv").write_bytes(b"\xef\xbb\xbf" + traces.replace(b"\n", b"\r\n"))
    study = symchiral.read("Bi2Se3")
    here, there = (study.validate(x).fit for x in ("dos.csv", "Bi2Se3/traces.csv"))
    assert here is not None
    assert here == there


def test_a_read_only_result_is_replaced_or_refused_in_words(tmp_path: Path) -> None:
    """Windows replaces no file that is read-only."""
    file = tmp_path / "x.md"
    assert main(["predict", "Bi2Se3", "-o", str(file), "--quiet"]) == 0
    file.chmod(stat.S_IREAD)
    assert main(["predict", "Bi2Se3", "-o", str(file), "--quiet"]) in (0, 1)
    assert file.read_text(encoding="utf-8")
