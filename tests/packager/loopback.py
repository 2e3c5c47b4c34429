"""A Kaggle on 127.0.0.1 that keeps state, runs what is pushed, and can misbehave.

The real client reaches it as its proxy, told by ``http_proxy``, and asks it for ``http://localhost/api/v1/...``. A test
gives the client the environment of `Kaggle.environment` and nothing else, so that no push of a test reaches the real
one: ``KAGGLE_API_ENVIRONMENT=LOCALHOST`` is the only value that keeps the client from it, and whatever it might ask for
by https ends at a port where nobody listens.
"""

import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

API = "/api/v1/"
GOING = {"QUEUED", "RUNNING"}


@dataclass(kw_only=True)
class Fault:
    """How a call is to fail: with a status, a body, after a pause, or by a cut; before its effect, or after it."""

    call: str
    status: int = 500
    body: object = None
    pause: float = 0
    cut: bool = False
    after: bool = False
    times: int = 1


@dataclass(kw_only=True)
class Dataset:
    """One dataset: its versions, each file name to content, and how many looks it stays in processing.

    For ``lag`` looks Kaggle tells of the version before, as if the newest had not come.
    """

    versions: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    private: bool = True
    looks_left: int = 0
    lag: int = 0
    status: str = "READY"

    @property
    def shown(self):
        """How many versions Kaggle tells of."""
        return len(self.versions) - bool(self.lag and len(self.versions) > 1)


@dataclass(kw_only=True)
class Kernel:
    """One kernel: the requests of its versions, and the latest run."""

    versions: list = field(default_factory=list)
    status: str = "COMPLETE"
    message: str = ""
    log: list = field(default_factory=list)
    output: dict = field(default_factory=dict)


class Refused(Exception):
    """An answer with an error's status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


class Kaggle:
    """The server and its state; a context manager."""

    def __init__(self, folder: Path, *, looks: int = 1) -> None:
        self.folder, self.looks, self.lag = folder, looks, 0
        self.datasets: dict[str, Dataset] = {}
        self.kernels: dict[str, Kernel] = {}
        self.submissions: list[dict] = []
        self.blobs: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.invalid: dict[str, list[str]] = {}
        self.lost_models = False
        self.allowed, self.listing_lag = 5, 0
        self.score: dict = {"status": "COMPLETE", "publicScore": "0.5"}
        self.run: Callable[[dict], None] = self.pretend
        self.lock = threading.RLock()

    def __enter__(self):
        kaggle = self

        class Bound(Handler):
            state = kaggle

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def environment(self, **more: str) -> dict[str, str]:
        """Return all the variables a client may see: dummy credentials, folders of its own, and this server."""
        home = self.folder / "home"
        (home / "tmp").mkdir(parents=True, exist_ok=True)
        nowhere = "http://127.0.0.1:9"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "KAGGLE_CONFIG_DIR": str(home),
            "KAGGLE_USERNAME": "dummy",
            "KAGGLE_KEY": "dummy",
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "http_proxy": self.address,
            "https_proxy": nowhere,
            "HTTPS_PROXY": nowhere,
            "LANG": "C.UTF-8",
            **more,
        }

    def pretend(self, request: dict) -> None:
        """Run a kernel without running it."""
        kernel = self.kernels[request["slug"]]
        kernel.log += ["started", "done"]
        kernel.output = {"submission.csv": b"id,answer\n1,2\n"}
        kernel.status = "COMPLETE"

    # What the services do, by the name of their call.

    def save_kernel(self, body):
        kernel = self.kernels.setdefault(body["slug"], Kernel())
        if len(body["text"]) > 1_000_000:
            raise Refused(400, "The kernel source must be less than 1 megabytes in size.")
        kernel.versions.append(body)
        kernel.status, kernel.message, kernel.log, kernel.output = "QUEUED", "", [], {}
        threading.Thread(target=self._run, args=(body,), daemon=True).start()
        answer = {"url": f"https://www.kaggle.com/code/{body['slug']}", "versionNumber": len(kernel.versions)}
        return answer | self.invalid

    def _run(self, body):
        kernel = self.kernels[body["slug"]]
        kernel.status = "RUNNING"
        try:
            self.run(body)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client should not wait for it
            kernel.status, kernel.message = "ERROR", repr(error)

    def _kernel(self, body):
        ref = f"{body['userName']}/{body['kernelSlug'].split('/')[0]}"
        if ref not in self.kernels:
            raise Refused(403, "Permission 'kernels.get' was denied")
        return self.kernels[ref]

    def get_kernel_session_status(self, body):
        kernel = self._kernel(body)
        return {"status": kernel.status} | ({"failureMessage": kernel.message} if kernel.message else {})

    def get_kernel(self, body):
        kernel = self._kernel(body)
        _, _, version = body["kernelSlug"].partition("/")
        at = int(version or len(kernel.versions)) - 1
        if not 0 <= at < len(kernel.versions):
            raise Refused(404, "Not found")
        sent = kernel.versions[at]
        slug = sent["slug"].split("/")[1]
        lists = {name: sent.get(name, []) for name in ("kernelDataSources", "competitionDataSources")}
        lists["modelDataSources"] = [] if self.lost_models else sent.get("modelDataSources", [])
        lists["datasetDataSources"] = [f"datasets/{one}" for one in sent.get("datasetDataSources", [])]
        told = {"ref": sent["slug"], "id": 1, "title": sent["newTitle"], "language": "python", "kernelType": "notebook"}
        blob = {"source": sent["text"], "language": "python", "kernelType": "notebook", "slug": slug}
        return {"metadata": told | lists | {"currentVersionNumber": len(kernel.versions)}, "blob": blob}

    def list_kernel_session_output(self, body):
        kernel = self._kernel(body)
        place = f"{self.address}/output/{body['kernelSlug']}"
        files = [{"url": f"{place}/{name}", "fileName": name} for name in kernel.output]
        return {"files": files, "log": self.log(kernel)}

    def log(self, kernel):
        told = [{"stream_name": "stdout", "time": at, "data": f"{line}\n"} for at, line in enumerate(kernel.log)]
        return json.dumps(told)

    def list_kernel_files(self, body):
        kernel = self._kernel(body)
        date = "2026-11-23T00:00:00Z"
        return {"files": [{"name": n, "size": len(d), "creationDate": date} for n, d in kernel.output.items()]}

    def _dataset(self, body):
        ref = f"{body['ownerSlug']}/{body['datasetSlug']}"
        if ref not in self.datasets:
            raise Refused(403, "Permission 'datasets.get' was denied")
        return self.datasets[ref]

    def get_dataset_status(self, body):
        dataset = self._dataset(body)
        if dataset.lag > 0:
            dataset.lag -= 1
            return {"status": dataset.status}
        if dataset.looks_left > 0:
            dataset.looks_left -= 1
            return {"status": "BLOBS_RECEIVED"}
        return {"status": dataset.status}

    def get_dataset(self, body):
        dataset = self._dataset(body)
        ref = f"{body['ownerSlug']}/{body['datasetSlug']}"
        return {"ref": ref, "currentVersionNumber": dataset.shown, "isPrivate": dataset.private}

    def list_dataset_files(self, body):
        date = "2026-11-23T00:00:00Z"
        dataset = self._dataset(body)
        files = dataset.versions[dataset.shown - 1]
        return {"datasetFiles": [{"name": n, "totalBytes": len(d), "creationDate": date} for n, d in files.items()]}

    def start_blob_upload(self, body):
        token = f"t{len(self.blobs)}-{body['name']}"
        self.blobs[token] = b""
        return {"token": token, "createUrl": f"{self.address}/upload/{token}"}

    def create_dataset(self, body):
        ref = f"{body['ownerSlug']}/{body['slug']}"
        if ref in self.datasets:
            raise Refused(409, "The requested dataset already exists")
        self.datasets[ref] = Dataset(private=body.get("isPrivate", False))
        return self._version(ref, body["files"], "")

    def create_dataset_version(self, body):
        ref = f"{body['ownerSlug']}/{body['datasetSlug']}"
        if self._dataset(body).looks_left:
            raise Refused(403, "The dataset is still being processed")
        return self._version(ref, body["body"]["files"], body["body"]["versionNotes"])

    def _version(self, ref, files, note):
        dataset = self.datasets[ref]
        tokens = [one["token"] for one in files]
        dataset.versions.append({token.partition("-")[2]: self.blobs[token] for token in tokens})
        dataset.notes.append(note)
        dataset.looks_left, dataset.lag = self.looks, self.lag
        return {"status": "Ok", "url": f"https://www.kaggle.com/datasets/{ref}"}

    def get_submission_limits(self, body):
        return {"numToday": 0, "numTotal": 0, "numAllowedNow": self.allowed, "limitedByTotal": False}

    def create_code_submission(self, body):
        entry = {"ref": len(self.submissions) + 1, "fileName": body["fileName"], "date": "2026-11-23T00:00:00Z"}
        entry |= {"description": body["submissionDescription"], "status": "PENDING", "looks": 1, "sent": body}
        entry["unlisted"] = self.listing_lag
        self.submissions.append(entry)
        self.allowed -= 1
        return {"message": "Successfully submitted", "ref": entry["ref"]}

    def list_submissions(self, body):
        listed = [one for one in self.submissions if not one["unlisted"]]
        for one in listed:
            if not one["looks"] and one["status"] == "PENDING":
                one.update(self.score)
            one["looks"] = max(0, one["looks"] - 1)
        for one in self.submissions:
            one["unlisted"] = max(0, one["unlisted"] - 1)
        hidden = {"looks", "sent", "unlisted"}
        return {"submissions": [{k: v for k, v in one.items() if k not in hidden} for one in listed]}


def _snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Handler(BaseHTTPRequestHandler):
    """One connection; ``state`` is the server's."""

    protocol_version = "HTTP/1.1"
    state: Kaggle

    def log_message(self, *_):
        pass

    def _path(self):
        return unquote(urlsplit(self.path).path)

    def _body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, data, status=200, kind="application/json"):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _fault(self, call, *, after):
        with self.state.lock:
            found = next((f for f in self.state.faults if f.call == call and f.after == after and f.times), None)
            if found:
                found.times -= 1
        return found

    def _fail(self, fault):
        time.sleep(fault.pause)
        if fault.cut:
            self.close_connection = True
            self.connection.shutdown(2)
        elif fault.pause and fault.body is None:
            return False
        else:
            message = {"code": fault.status, "message": f"told to answer {fault.status}"}
            self._answer(message if fault.body is None else fault.body, fault.status)
        return True

    def do_POST(self):
        call, body = self._path().rpartition("/")[2], json.loads(self._body() or b"{}")
        with self.state.lock:
            self.state.calls.append(call)
        fault = self._fault(call, after=False)
        if fault and self._fail(fault):
            return
        try:
            with self.state.lock:
                answer = getattr(self.state, _snake(call))(body)
        except Refused as refused:
            self._answer({"code": refused.status, "message": refused.message}, refused.status)
            return
        fault = self._fault(call, after=True)
        if not (fault and self._fail(fault)):
            self._answer(answer)

    def do_PUT(self):
        token = self._path().rpartition("/upload/")[2]
        data = self._body() if self.headers.get("Content-Length") else self._chunks()
        fault = self._fault("upload", after=False)
        if not (fault and self._fail(fault)):
            self.state.blobs[token] = data
            self._answer(b"", 201)

    def _chunk(self, text):
        self.wfile.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())
        self.wfile.flush()

    def _chunks(self):
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def do_GET(self):
        path = self._path()
        if path.startswith("/output/"):
            _, _, slug, name = path.split("/", 3)
            fault = self._fault("output", after=False)
            kernel = next(k for ref, k in self.state.kernels.items() if ref.endswith(f"/{slug}"))
            if not (fault and self._fail(fault)):
                self._answer(kernel.output[name], kind="application/octet-stream")
        elif path.startswith(f"{API}kernels/logs/stream/"):
            self._stream(self.state.kernels.get(path.removeprefix(f"{API}kernels/logs/stream/")))

    def _stream(self, kernel):
        self.state.calls.append("stream")
        fault = self._fault("follow", after=False)
        if fault and self._fail(fault):
            return
        if kernel is None:
            self._answer({"code": 403, "message": "denied"}, 403)
            return
        if kernel.status not in GOING:  # what was kept of the log, no stream
            self._answer(self.state.log(kernel).encode())
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        told = 0
        while True:
            going = kernel.status in GOING
            for line in kernel.log[told:]:
                event = json.dumps({"stream_name": "stdout", "time": told, "data": f"{line}\n"})
                self._chunk(f"data: {event}\n\n")
                told += 1
                if (fault := self._fault("stream", after=False)) and self._fail(fault):
                    return
            if not going:
                self._chunk("data: END_OF_LOG\n\n")
                self.wfile.write(b"0\r\n\r\n")
                return
            time.sleep(0.05)


def rehearsing(kaggle: Kaggle, inputs: Path):
    """Return a run that executes the pushed text in the rehearsal's sandbox and serves what it wrote.

    ``inputs`` holds the competition's folder, and datasets of other people; ours are those that were uploaded, at their
    pinned versions; outputs are those of the kernels that ran here.
    """
    from kernelwright.project import metadata
    from kernelwright.rehearsal import input_folder, run, sandbox
    from kernelwright.rehearsal.resource_limits import Limits
    from kernelwright.rehearsal.run_directory import RunDirectory, RunSpec

    def execute(request: dict) -> None:
        kernel = kaggle.kernels[request["slug"]]
        directory = RunDirectory.below(kaggle.folder / f"run-{len(kernel.versions)}-{time.monotonic_ns()}")
        for slug in request.get("competitionDataSources", []):
            shutil.copytree(inputs / slug, directory.input / slug, ignore=shutil.ignore_patterns("truth.csv"))
        for source in request.get("datasetDataSources", []):
            owner, slug, *version = source.split("/")
            stored = kaggle.datasets.get(f"{owner}/{slug}")
            if stored is None and (inputs / slug).is_dir():
                shutil.copytree(inputs / slug, directory.input / slug)
            elif stored:
                (directory.input / slug).mkdir(parents=True)
                for name, data in stored.versions[int(version[0]) - 1 if version else -1].items():
                    (directory.input / slug / name).write_bytes(data)
        for source in request.get("kernelDataSources", []):
            folder = directory.input / source.split("/")[1]
            folder.mkdir(parents=True)
            for name, data in kaggle.kernels[source].output.items():
                (folder / name).write_bytes(data)
        told = {
            "id": request["slug"],
            "title": request["newTitle"],
            "code_file": "x.ipynb",
            "competition_sources": request.get("competitionDataSources", []),
            "dataset_sources": request.get("datasetDataSources", []),
            "kernel_sources": request.get("kernelDataSources", []),
        }
        directory.folder.mkdir(parents=True, exist_ok=True)
        (directory.folder / "kernel-metadata.json").write_text(json.dumps(told))
        described = metadata.read(directory.folder, "kernel-metadata.json")
        mounts = input_folder.mounts(described, directory, "new")
        spec = RunSpec(directory=directory, phase="commit", layout="new", mounts=mounts)
        name = sandbox.best()
        ended = threading.Event()
        reader = threading.Thread(target=_read, args=(directory.log, ended, kernel.log))
        reader.start()
        outcome = run.run(request["text"].encode(), spec, name, Limits())
        ended.set()
        reader.join()
        kernel.output = {p.name: p.read_bytes() for p in sorted(directory.working.iterdir()) if p.is_file()}
        kernel.message = outcome.exception["text"].splitlines()[-1] if outcome.exception else ""
        kernel.status = "ERROR" if outcome.exception else "COMPLETE"

    return execute


def _read(file: Path, ended: threading.Event, lines: list) -> None:
    """Add a growing file's lines to ``lines`` as they come, the last one too."""
    read, last = 0, False
    while not last:
        last = ended.wait(0.05)
        text = file.read_text("utf-8", "replace") if file.exists() else ""
        whole = text if last else text[: text.rfind("\n") + 1]
        lines.extend(whole[read:].splitlines())
        read = len(whole)
