"""The local page: what it takes, what it refuses, and that its reports are those of ``report``."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import symchiral as sc
from symchiral.children import Limits
from symchiral.cli import main
from symchiral.errors import InputError, SymchiralError
from symchiral.reading.shipped import find_structure
from symchiral.web.jobs import FILES, Job, make
from symchiral.web.server import MOST_KEPT, Server
from symchiral.web.uploads import KIND, LONGEST_NAME, MOST_FILES, read_head, safe_name

STRUCTURES = Path(sc.__file__).parents[1] / "structures"
TE, NACL = (STRUCTURES / f"{name}.cif" for name in ("Te_P3121", "NaCl"))
LIMITS = Limits.of(120, 4e9)
CRYSTAL = ("crystal",)
Files = list[tuple[str, bytes]]


def request(
    files: Files, options: dict[str, str] | None = None, roles: dict[str, str] | None = None
) -> bytes:
    named = [
        {
            "name": name,
            "size": len(data),
            **({"role": roles[name]} if name in (roles or {}) else {}),
        }
        for name, data in files
    ]
    head = json.dumps({"files": named, "options": options or {}}).encode() + b"\n"
    return head + b"".join(data for _, data in files)


def serving(server: Server) -> Iterator[Server]:
    import threading

    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from serving(Server(limits=LIMITS, most_bytes=1_000_000))


def ask(
    server: Server, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """What a client gets that sends just these headers."""
    at = urlsplit(server.address)
    assert at.hostname is not None
    client = http.client.HTTPConnection(at.hostname, at.port, timeout=120)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    client.request(method, path, body, given)
    answer = client.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    client.close()
    return found


def send(
    server: Server,
    files: Files,
    options: dict[str, str] | None = None,
    roles: dict[str, str] | None = None,
    **headers: str,
) -> tuple[int, dict[str, str]]:
    given = {"Content_Type": KIND, **headers}
    content = request(files, options, roles)
    status, _, body = ask(server, "POST", f"/{server.key}/report", content, **given)
    found: dict[str, str] = json.loads(body)
    return status, found


def left(server: Server) -> list[str]:
    """Files that lie in the folder of the server, without those of reports."""
    return sorted(path.name for path in server.folder.rglob("*") if path.name != "report.html")


def test_the_page_is_that_of_the_command(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte by byte; two files of one name, one after the other, are not taken for each other."""
    monkeypatch.chdir(tmp_path)
    names = []
    for source, options in ((TE, {}), (NACL, {"symprec": "1e-2", "axis": "1,1,1"})):
        shutil.copy(source, "a crystal.cif")
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        assert main(["report", "a crystal.cif", "-o", "x.html", *words]) == 0
        status, found = send(server, [("a crystal.cif", source.read_bytes())], options)
        assert status == 200, found
        status, headers, page = ask(server, "GET", f"/{server.key}/{found['report']}")
        assert status == 200
        assert page == Path("x.html").read_bytes()
        assert headers["Content-Security-Policy"].startswith("sandbox allow-scripts")
        assert "allow-same-origin" not in headers["Content-Security-Policy"]
        names.append(found["report"].rpartition("/")[2])
        status, _, listed = ask(server, "GET", f"/{server.key}/")
        assert found["report"].encode() in listed
    assert names == ["Te.html", "NaCl.html"]
    assert [name for name in left(server) if name.endswith(".cif")] == []
    assert FILES not in left(server)


def test_couplings_a_pulse_and_a_measurement_are_those_of_the_command(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files under any name, marked as what they are; the page is that of ``report``."""
    monkeypatch.chdir(tmp_path)
    folder = STRUCTURES / "Bi2Se3"
    names = {"phonopy.yaml": "a.yaml", "couplings.json": "c.json", "example_rows.yaml": "rows.yaml"}
    for file, name in names.items():
        shutil.copy(folder / file, name)
    files = [(name, Path(name).read_bytes()) for name in names.values()]
    roles = {"c.json": "couplings", "rows.yaml": "measurement"}
    options = {"pump": "2.457THz s+ 1ps 0.2MV/cm", "sees": "raman"}
    words = ["--couplings", "c.json", "--measurement", "rows.yaml", "--pump", options["pump"]]
    assert main(["report", "a.yaml", *words, "--sees", "raman", "-o", "x.html"]) == 0
    status, found = send(server, files, options, roles)
    assert status == 200, found
    _, _, page = ask(server, "GET", f"/{server.key}/{found['report']}")
    assert page == Path("x.html").read_bytes()
    assert b"answer-simulate" in page
    assert b"answer-validate" in page


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"Te.cif": "measurement"}, "there is no crystal"),
        ({"Te.cif": "couplings", "b.json": "couplings"}, "a crystal has one set"),
        ({"Te.cif": "secret"}, "a file is crystal, couplings or measurement"),
    ],
)
def test_files_marked_as_what_they_are_not(
    server: Server, roles: dict[str, str], said: str
) -> None:
    files = [(name, TE.read_bytes()) for name in roles]
    status, found = send(server, files, roles=roles)
    assert status == 422
    assert said in found["error"]


@pytest.mark.parametrize(
    ("files", "options", "said"),
    [
        ([("x.cif", b"hello")], {}, "cannot read x.cif: it holds no CIF data"),
        ([("a.cif", b"x"), ("b.cif", b"x")], {}, "not the force data of one crystal"),
        ([("a.cif", b"x"), ("d/A.CIF", b"x")], {}, "two files are called a.cif"),
        ([("..", b"x")], {}, "a file is called '..'"),
        ([], {}, "no file was sent"),
        ([(f"{i}.cif", b"x") for i in range(MOST_FILES + 1)], {}, "21 files were sent"),
        ([("Te.cif", TE.read_bytes())], {"axis": "1,2,3"}, "no symmetry axis along 1,2,3"),
        ([("Te.cif", TE.read_bytes())], {"symprec": "x"}, "not a distance from 1e-10"),
        ([("Te.cif", TE.read_bytes())], {"unit": "cm"}, "Did you mean cm-1?"),
        ([("Te.cif", TE.read_bytes())], {"spin_axis": "up"}, "is not three numbers"),
        ([("Te.cif", TE.read_bytes())], {"out": "/etc/x"}, "it has no option out"),
        ([("Te.cif", TE.read_bytes())], {"sees": "raman"}, "no file is marked as a measurement"),
        (
            [("Te.cif", TE.read_bytes())],
            {"measured_pump": "s+"},
            "no file is marked as a measurement",
        ),
        ([("structure.pkl", b"cos\nsystem\n(S'touch hacked'\ntR.")], {}, "cannot read"),
        ([("<img src=x onerror=alert(1)>.cif", b"x")], {}, "_img src=x onerror=alert(1)_.cif"),
    ],
)
def test_what_is_refused_is_told_as_the_command_line_tells_it(
    server: Server, files: Files, options: dict[str, str], said: str
) -> None:
    before = left(server)
    status, found = send(server, files, options)
    assert status == 422
    assert said in found["error"]
    assert "symchiral-serve" not in found["error"]
    assert left(server) == before
    assert not Path("hacked").exists()


def test_who_asks_must_know_the_address(server: Server) -> None:
    """A rebound name, another origin, a form, no key, a request without a length: nothing."""
    host = urlsplit(server.address).netloc
    port = host.rpartition(":")[2]
    page, post = f"/{server.key}/", f"/{server.key}/report"
    body = request([("Te.cif", TE.read_bytes())])
    for name in (host, f"localhost:{port}", f"[::1]:{port}"):
        assert ask(server, "GET", page, Host=name)[0] == 200
    refused = [
        ask(server, "GET", page, Host=f"evil.example:{port}"),
        ask(server, "GET", page, Host="127.0.0.1.evil.example"),
        ask(server, "GET", page, Host=""),
        ask(server, "GET", page, Host=f"[::1:{port}"),
        ask(server, "GET", "/"),
        ask(server, "GET", "/wrong/"),
        ask(server, "GET", f"/{server.key}x/"),
        ask(server, "GET", f"/{server.key}"[:-1]),
        ask(server, "GET", f"/{server.key}/../../etc/passwd"),
        ask(server, "GET", f"/{server.key}/report/../report.html"),
        ask(server, "POST", "/report", body, Content_Type=KIND),
        ask(server, "POST", page, body, Content_Type=KIND),
        ask(server, "POST", post, body, Content_Type=KIND, Origin="http://evil.example"),
        ask(server, "POST", post, body, Content_Type=KIND, Origin="null"),
        ask(server, "POST", post, body, Content_Type=KIND, Sec_Fetch_Site="cross-site"),
        ask(server, "POST", post, body, Content_Type="multipart/form-data; boundary=x"),
        ask(server, "POST", post, body, Content_Type="text/plain"),
        ask(server, "POST", post, body, Content_Type=KIND, Content_Length="-1"),
        ask(server, "POST", post, body, Content_Type=KIND, Content_Length="9" * 12),
        ask(server, "PUT", post, body, Content_Type=KIND),
    ]
    assert [status for status, _, _ in refused] == [
        *[421] * 4, *[404] * 6, 404, 403, 403, 403, 403, 415, 415, 411, 413, 501
    ]  # fmt: skip
    for _, headers, text in refused:
        assert server.key.encode() not in text
        assert "Location" not in headers
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert ask(server, "POST", post, body, Content_Type=KIND, Origin=f"http://{host}")[0] == 200


def test_the_page_names_its_limits_and_loads_nothing(server: Server) -> None:
    status, headers, body = ask(server, "GET", f"/{server.key}/")
    text = body.decode()
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "1 MB in all" in text
    assert "connect-src &#39;self&#39;" in text
    assert not re.search(r"(src|href)=\"(https?:)?//", text)


def test_only_so_much_is_read(server: Server) -> None:
    """Sizes that do not add up, lines without end, and clients that go away."""
    body = request([("Te.cif", b"x" * 100)])
    for wrong in (body[:-1], body + b"x", b"x" * 200, b"\n" * 50, b"{}\n", b"[" * 60_000 + b"\n"):
        status, _, said = ask(server, "POST", f"/{server.key}/report", wrong, Content_Type=KIND)
        assert status == 422, said
    at = urlsplit(server.address)
    with socket.create_connection((at.hostname, at.port)) as away:
        head = f"POST /{server.key}/report HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: {KIND}"
        away.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-50])
    assert ask(server, "GET", f"/{server.key}/")[0] == 200


def test_damaged_requests(capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes changed, taken out and put in, in the head and in the body: each is answered.

    None ends in an error of ours, which would be printed; 4,000 of them were tried by hand.
    """
    draw = random.Random(20261201)
    answers: Counter[str] = Counter()
    body = request([("a.cif", b"12345"), ("BORN", b"678")], {"axis": "0,0,1"})
    for server in serving(Server(limits=LIMITS, most_bytes=10_000)):
        at = urlsplit(server.address)
        for _ in range(300):
            sent = damaged(draw, body) if draw.random() < 0.7 else body
            head = (
                f"POST /{server.key}/report HTTP/1.1\r\nHost: {at.netloc}\r\n"
                f"Content-Type: {KIND}\r\nContent-Length: {len(sent)}\r\n\r\n"
            ).encode()
            head = damaged(draw, head) if draw.random() < 0.7 or sent == body else head
            with socket.create_connection((at.hostname, at.port), timeout=60) as client:
                client.sendall(head + sent)
                client.shutdown(socket.SHUT_WR)
                with client.makefile("rb") as stream:
                    answers[stream.read().partition(b"\r\n")[0].decode()[9:12]] += 1
        assert left(server) == []
    assert capsys.readouterr().err == ""
    assert answers["422"] > 50
    assert answers["404"] > 10
    assert sum(answers.values()) == 300


def damaged(draw: random.Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 4])):
        place, kind = draw.randrange(len(found)), draw.randrange(3)
        if kind == 0:
            found[place] = draw.randrange(256)
        elif kind == 1 and len(found) > 20:
            del found[place : place + draw.randrange(1, 9)]
        else:
            found[place:place] = bytes(draw.choices(b'{}[]":,\\/ntru0-eE\x00\xff\r\n', k=3))
    return bytes(found)


def test_safe_names() -> None:
    """Whatever a name is, what is kept is one name in the folder of the job, and a plain one."""
    hostile = [
        "../x.cif", "/etc/passwd", "..\\..\\x.cif", "C:\\x.cif", "~root/x", "~x.cif", "-rf.cif",
        ".htaccess", "x\0.cif", "x\n.cif", "a" * 5000 + ".cif.gz", "CON", "aux.cif", "x.cif. ",
        "／etc／x", "\u202egpj.cif", "$(id).cif", "`id`.cif", "x;y.cif", "日本.cif", "%2e%2e%2fx",
    ]  # fmt: skip
    for name in hostile:
        kept = safe_name(name)
        assert re.fullmatch(r"[\w+=@()][\w.+=@() -]*", kept), name
        assert len(kept) <= LONGEST_NAME
        assert kept == safe_name(kept)
        assert kept.lower().split(".")[0] not in ("con", "aux")
    assert safe_name("a" * 5000 + ".cif.gz").endswith(".cif.gz")
    assert safe_name("日本.cif") == "日本.cif"
    for name in ("", ".", "..", "///", " - "):
        with pytest.raises(InputError, match="a file is called"):
            safe_name(name)


@pytest.fixture(scope="module")
def calculation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """NaCl as phonopy leaves it: cells, forces and Born charges in files of their own."""
    import phonopy
    from phonopy.file_IO import write_BORN, write_FORCE_SETS

    folder = tmp_path_factory.mktemp("calculation")
    found = phonopy.load(find_structure("NaCl/phonopy.yaml"), produce_fc=False)
    left_out = dict.fromkeys(("force_sets", "force_constants", "born_effective_charge"), False)
    left_out |= {"dielectric_constant": False, "displacements": True}
    found.save(folder / "phonopy_disp.yaml", settings=left_out)
    write_FORCE_SETS(found.dataset, filename=folder / "FORCE_SETS")
    nac = found.nac_params
    write_BORN(found.primitive, nac["born"], nac["dielectric"], filename=folder / "BORN")
    return folder


@pytest.mark.sweep
def test_force_data_lie_beside_each_other(
    calculation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent together, in any order, they are what ``report phonopy_disp.yaml`` reads; also zipped.

    Forces alone are told to lack the cells they belong to.
    """
    files = sorted(calculation.iterdir(), reverse=True)
    assert [file.name for file in files] == ["phonopy_disp.yaml", "FORCE_SETS", "BORN"]
    together, zipped, alone = (tmp_path / word for word in ("together", "zipped", "alone"))
    for place in (together, zipped, alone):
        (place / FILES).mkdir(parents=True)
    for file in files:
        shutil.copy(file, together / FILES)
    made = make(
        Job(str(together), tuple(file.name for file in files), CRYSTAL * 3, {"unit": "meV"})
    )
    assert (made.error, made.formula, made.group) == ("", "NaCl", "Fm-3m (225)")
    page = (together / "report.html").read_bytes()
    monkeypatch.chdir(calculation)
    assert main(["report", "phonopy_disp.yaml", "-o", "x.html", "--unit", "meV"]) == 0
    assert page == Path("x.html").read_bytes()
    for name in (b"phonopy_disp.yaml", b"FORCE_SETS", b"BORN"):
        assert page.count(name) >= 1
    with zipfile.ZipFile(zipped / FILES / "NaCl.zip", "w") as archive:
        for file in files:
            archive.write(file, f"run/{file.name}")
    made = make(Job(str(zipped), ("NaCl.zip",), CRYSTAL, {}))
    assert (made.error, made.formula) == ("", "NaCl")
    assert "answer-modes" in (zipped / "report.html").read_text(encoding="utf-8")
    shutil.copy(calculation / "FORCE_SETS", alone / FILES)
    assert "FORCE_SETS" in make(Job(str(alone), ("FORCE_SETS",), CRYSTAL, {})).error
    assert not (alone / "report.html").exists()


def test_a_report_that_takes_too_long_or_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told, nothing is left, and after a process that ended the next report is made."""
    code = (
        "import os, time; from symchiral.children import serve;"
        "from symchiral.web.jobs import Made;"
        "serve(lambda job, _: time.sleep(3600) if job.names == ('long.cif',) else "
        "os._exit(9) if job.names == ('end.cif',) else Made(error='fine'))"
    )
    monkeypatch.setattr("symchiral.web.server.CHILD", code)
    tried = 0
    for limits, asked in (
        (Limits.of(0.5, 4e9), {"long.cif": "it took more than 0.5 s. Give more time: --timeout."}),
        (LIMITS, {"end.cif": "ended, twice, with status 9", "x.cif": "fine"}),
    ):
        for server in serving(Server(limits=limits)):
            for name, said in asked.items():
                status, found = send(server, [(name, b"x")])
                assert status == 422
                assert said in found["error"]
                assert left(server) == []
                tried += 1
    assert tried == 3


def test_old_reports_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "from pathlib import Path; from symchiral.children import serve;"
        "from symchiral.web.jobs import Made;"
        "serve(lambda job, _: (Path(job.folder, 'report.html').write_text(job.names[0]), "
        "Made(formula='X'))[1])"
    )
    monkeypatch.setattr("symchiral.web.server.CHILD", code)
    for server in serving(Server(limits=LIMITS)):
        found = [send(server, [(f"{i}.cif", b"x")])[1]["report"] for i in range(MOST_KEPT + 3)]
        shown = [ask(server, "GET", f"/{server.key}/{path}")[0] for path in found]
        assert shown == [404] * 3 + [200] * MOST_KEPT
        assert len(list(server.folder.iterdir())) == MOST_KEPT
    assert not server.folder.exists()


def test_where_it_cannot_listen() -> None:
    for host, port in (("127.0.0.1", 99999), ("203.0.113.7", 0), ("no such host", 0)):
        with pytest.raises(SymchiralError, match="cannot listen"):
            Server(host, port, limits=LIMITS)
    first = Server(limits=LIMITS)
    with pytest.raises(InputError, match="cannot listen"):
        Server("127.0.0.1", first.server_address[1], limits=LIMITS)
    first.close()


def test_a_request_is_read_from_its_beginning() -> None:
    import io

    body = request([("a.cif", b"12"), ("b/BORN", b"345")], {"axis": " 0,0,1 ", "symprec": " "})
    upload = read_head(io.BytesIO(body), len(body))
    assert upload.names == ("a.cif", "BORN")
    assert upload.sizes == (2, 3)
    assert upload.roles == CRYSTAL * 2
    assert upload.options == {"axis": "0,0,1"}


@pytest.mark.skipif(os.name == "nt", reason="another process is not interrupted there")
def test_the_command_ends_when_interrupted(tmp_path: Path) -> None:
    """It prints the address, answers there, and leaves nothing behind."""
    root = str(Path(sc.__file__).parents[1])
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            [sys.executable, "-m", "symchiral", "serve", "--no-browser", "--quiet"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": root, "TMPDIR": str(tmp_path)},
        )
        assert process.stdout is not None
        at = urlsplit(process.stdout.readline().strip())
        assert at.hostname == "127.0.0.1"
        client = http.client.HTTPConnection(at.hostname, at.port, timeout=60)
        client.request("GET", at.path)
        assert client.getresponse().status == 200
        client.close()
        assert len(list(tmp_path.iterdir())) == 1
        # As timeout sends it: to the process, and again to its group.
        process.send_signal(number)
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
        process.stdout.close()
        assert list(tmp_path.iterdir()) == []
