"""Where things are, and how a measured program is started and stopped.

Everything the bench makes is below WORK; nothing of the user's (keys, known_hosts, state) is touched.
"""
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
REPOSITORY = BENCH.parent
OPS = Path(os.environ.get("OPS_BENCH_BINARY", REPOSITORY / "target/release/ops"))
# A plan that does nothing, built beside it: cargo build --release --example noop.
NOOP = OPS.parent / "examples/noop"
WORK = Path(os.environ.get("OPS_BENCH_DIR", Path.home() / ".cache/ops-bench"))
HOME = WORK / "home"
# Control sockets have at most 104 bytes for their whole path.
RUNTIME = Path(f"/tmp/ops-bench-{os.getuid()}")
# Longer than anything measured; what needs more has hung.
LIMIT = 900


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def prepare():
    for directory in (WORK, HOME):
        directory.mkdir(parents=True, exist_ok=True)
    WORK.chmod(0o700)
    fresh_runtime()


def environment(**more):
    """What every measured program gets: nothing of the user's session."""
    return {
        "HOME": str(HOME),
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "USER": "bench",
        "XDG_RUNTIME_DIR": str(RUNTIME),
        "NO_COLOR": "1",
        **more,
    }


def fresh_runtime():
    """Ends every connection that a command left open, so that the next one is cold."""
    for socket in RUNTIME.rglob("*"):
        if socket.is_socket():
            # A socket without a listener is what an ended master leaves; that is no fault.
            subprocess.run(["ssh", "-S", str(socket), "-O", "exit", "-F", "none", "x"],
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    shutil.rmtree(RUNTIME, ignore_errors=True)
    RUNTIME.mkdir(mode=0o700)


class Failed(RuntimeError):
    """A measured command did not do what it should: its time means nothing."""


def timed(argv, ok=(0,), stdin=None, env=None, cwd=None):
    """Runs a command to its end; seconds and its stdout. Raises when its exit code is none of `ok`."""
    with open(stdin or os.devnull, "rb") as source:
        start = time.perf_counter()
        process = subprocess.Popen(argv, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=env or environment(), cwd=cwd or WORK, start_new_session=True)
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failed(f"{argv[0]} did not end within {LIMIT} s") from None
        seconds = time.perf_counter() - start
    if process.returncode not in ok:
        tail = (out + err).decode(errors="replace")[-3000:]
        raise Failed(f"exit {process.returncode} of {' '.join(map(str, argv))[:300]}\n{tail}")
    return seconds, out.decode(errors="replace")


def ops(*words, ok=(0,), env=None):
    return timed([str(OPS), *map(str, words)], ok=ok, env=env)


def peak(argv, ok=(0,)):
    """Peak resident memory, in MiB; None without GNU time, which is small: a child of this program would begin with its size."""
    program = shutil.which("time")
    if program is None:
        return None
    file = WORK / "peak"
    timed([program, "-f", "%M", "-o", str(file), *map(str, argv)], ok=ok)
    kibibytes = int(file.read_text().split()[-1])
    file.unlink()
    return kibibytes / 1024


class Service:
    """A process of the bench that lives while it is measured with."""

    def __init__(self, argv, log, env=None):
        self.log = log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            env=env or environment(), start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Its children too: they are in its session, and nobody else is.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(10)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process.wait(10)
