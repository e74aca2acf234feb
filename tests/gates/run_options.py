"""Gate: how examples/run and tests/run ask, install and pass things on, in a sandbox whose tools are all pretended:
nothing is installed or built. Usage: run_options.py ROOT"""
import os
import pathlib
import pty
import shutil
import sys
import tempfile

import tap
import tree

TOP = tree.root()
REAL = ["sh", "dirname", "grep", "sed", "mktemp", "rm", "cat", "mkdir", "touch", "chmod", "sleep"]
GOOD = ["cc", "c++", "meson", "python3", "nm", "getconf", "initdb"]

# The library is missing until apt-get "installs" it.
PKG_CONFIG = 'case "$*" in *utf8proc*) [ -e "$SANDBOX/installed" ] ;; *) exit 0 ;; esac'
APT_GET = 'echo "$DEBIAN_FRONTEND $*" >>"$SANDBOX/apt.log"; case $1 in install) touch "$SANDBOX/installed" ;; esac'
NINJA = """mkdir -p "$SANDBOX/tree/build/examples/examples"
cat >"$SANDBOX/tree/build/examples/examples/tour" <<'TXT'
#!/bin/sh
echo "tour:$*"
cat
exit 7
TXT
chmod +x "$SANDBOX/tree/build/examples/examples/tour"
echo "ninja talks\""""


class Sandbox:
    def __init__(self, root=True, installed=False):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="aft-run-"))
        self.bin = self.path / "bin"
        self.bin.mkdir()
        for name in REAL:
            (self.bin / name).symlink_to(shutil.which(name))
        for name in GOOD:
            self.tool(name, "exit 0")
        self.tool("meson", "echo 1.0.1")
        self.tool("pkg-config", PKG_CONFIG)
        self.tool("apt-get", APT_GET)
        self.tool("ninja", NINJA)
        self.tool("id", f"echo {0 if root else 1000}")
        if installed:
            (self.path / "installed").touch()
        for name in ("examples", "tests"):
            (self.path / "tree" / name).mkdir(parents=True)
        for name in ("examples/run", "tests/run", "tests/setup.sh"):
            shutil.copy(TOP / name, self.path / "tree" / name)
        (self.path / "tree/examples/tour.c").write_text("/* A tour of everything. */\nint main(void) {}\n")

    def tool(self, name, body):
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def environment(self):
        return {"PATH": str(self.bin), "SANDBOX": str(self.path)}

    def run(self, script, *arguments, **more):
        command = [self.path / "tree" / script, *arguments]
        return tap.run(command, env=self.environment(), start_new_session=True, timeout=60, **more)

    def apt(self):
        log = self.path / "apt.log"
        return log.read_text() if log.exists() else ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)


def shown(done):
    return f"status {done.returncode}\n{done.stdout}\n{done.stderr}"


def help_and_mistakes():
    with Sandbox(installed=True) as box:
        for script in ("examples/run", "tests/run"):
            done = box.run(script, "--help")
            tap.expect(done.returncode == 0 and "usage: " + script in done.stdout, shown(done))
            done = box.run(script, "--unheard-of")
            tap.expect(done.returncode == 2 and "unknown option --unheard-of" in done.stderr, shown(done))
        done = box.run("examples/run", "--help")
        tap.expect("tour" in done.stdout and "A tour of everything." in done.stdout, shown(done))
        done = box.run("examples/run", "nothing")
        tap.expect(done.returncode == 2 and "A tour of everything." in done.stderr, shown(done))
        for wrong in (["-j"], ["-j", "x"], ["-j0"], ["name"], ["--lint", "--slow"]):
            done = box.run("tests/run", *wrong)
            tap.expect(done.returncode == 2 and "usage" in done.stderr, wrong, shown(done))


def no_terminal():
    for script in ("examples/run", "tests/run"):
        with Sandbox() as box:
            done = box.run(script, input="y\n")
            tap.expect(done.returncode == 2 and "--yes" in done.stderr, shown(done))
            tap.expect("libutf8proc-dev" in done.stderr and not done.stdout, shown(done))
            tap.expect(not box.apt(), "apt-get ran:", box.apt())


def not_root():
    for script in ("examples/run", "tests/run"):
        with Sandbox(root=False) as box:
            done = box.run(script, "--yes")
            tap.expect(done.returncode == 2, shown(done))
            tap.expect("sudo apt-get install libutf8proc-dev\n" in done.stderr, shown(done))
            tap.expect(not box.apt(), "apt-get ran:", box.apt())


def agreed_beforehand():
    with Sandbox() as box:
        done = box.run("examples/run", "--yes")
        tap.expect(done.returncode == 7 and done.stdout == "tour:\n", shown(done))
        log = box.apt()
        tap.expect("noninteractive install -y --no-install-recommends libutf8proc-dev" in log, log)


def apt_fails():
    with Sandbox() as box:
        box.tool("apt-get", 'echo "$*" >>"$SANDBOX/apt.log"; exit 1')
        done = box.run("examples/run", "--yes")
        tap.expect(done.returncode == 2 and "could not install" in done.stderr and not done.stdout, shown(done))
        tap.expect(box.apt().count("install") in (1, 2) and "update" in box.apt(), box.apt())


def nothing_missing():
    with Sandbox(installed=True) as box:
        done = box.run("examples/run", "tour", "--yes", "two words", "-j", input="from input")
        tap.expect(done.returncode == 7, shown(done))
        tap.expect(done.stdout == "tour:--yes two words -j\nfrom input", shown(done))
        tap.expect("packages" not in done.stderr and not box.apt(), shown(done))


def build_fails():
    with Sandbox(installed=True) as box:
        box.tool("ninja", "exit 1")
        done = box.run("examples/run")
        tap.expect(done.returncode == 2 and "build failed" in done.stderr and not done.stdout, shown(done))


def on_terminal(answer):
    """Runs examples/run with a terminal of its own, but its standard input elsewhere."""
    with Sandbox() as box:
        try:
            pid, terminal = pty.fork()
        except OSError as why:
            raise tap.Skip(why)
        if pid == 0:
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.execve(str(box.path / "tree/examples/run"), ["run"], box.environment())
        os.write(terminal, answer)
        said = b""
        try:
            while part := os.read(terminal, 4096):
                said += part
        except OSError:
            pass
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode(), box.apt()


def asked():
    status, said, log = on_terminal(b"y\n")
    tap.expect(status == 7 and "[y/N]" in said and "install" in log, status, said, log)
    status, said, log = on_terminal(b"\n")
    tap.expect(status == 2 and "nothing was installed" in said and not log, status, said, log)


tap.main(
    [
        ("help, unknown options and names", help_and_mistakes),
        ("without a terminal and --yes it stops", no_terminal),
        ("without root it says what to install", not_root),
        ("--yes agrees", agreed_beforehand),
        ("a failing apt-get is reported", apt_fails),
        ("with nothing missing it is silent and passes everything on", nothing_missing),
        ("a failing build is reported", build_fails),
        ("it asks on the terminal, not on standard input", asked),
    ]
)
