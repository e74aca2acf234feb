"""clang-tidy over every file of the build, some at a time. What was found clean is remembered by a hash of the file, of
all that it includes, of how it is compiled and of the checks, and is not looked at again until one of them changes."""
import hashlib
import json
import pathlib
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor


def said_by(words, folder):
    return subprocess.run(list(map(str, words)), cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)


class Tidy:
    def __init__(self, top, build, jobs):
        self.top, self.build, self.jobs = top, build, jobs
        self.clean = build / "tidy-clean"
        self.clean.mkdir(exist_ok=True)
        rows = self.read_rows()
        self.commands = {name: row["command"] for name, row in rows.items()}
        self.database = build / "tidy"
        self.database.mkdir(exist_ok=True)
        (self.database / "compile_commands.json").write_text(json.dumps(list(rows.values())))
        checks = "".join(p.read_text() for p in sorted(top.glob("**/.clang-tidy")) if "build" not in p.parts)
        self.checks = checks + said_by(["clang-tidy", "--version"], top).stdout

    def read_rows(self):
        """File to the build's row of it, without what the build generates. A file of the library is built for the
        shared one and for the static one, and clang-tidy would look at it as often as it finds it."""
        found = {}
        for row in json.loads((self.build / "compile_commands.json").read_text()):
            path = pathlib.Path(self.build, row["file"]).resolve()
            if path.is_relative_to(self.top) and not path.is_relative_to(self.build) and path.suffix == ".c":
                found.setdefault(str(path.relative_to(self.top)), row)
        return found

    def groups(self):
        """Folders: those of lib/ and tests/ each for itself."""
        return sorted({str(pathlib.Path(*pathlib.Path(name).parts[:-1][:2])) for name in self.commands})

    def key(self, name):
        """None where the compiler cannot tell what the file includes."""
        words = shlex.split(self.commands[name])
        words = [w for n, w in enumerate(words) if w not in ("-o", "-MD", "-MQ", "-MF", "-c") and
                 (not n or words[n - 1] not in ("-o", "-MQ", "-MF"))]
        listed = said_by([*words, "-MM", "-MT", "x"], self.build)
        if listed.returncode != 0:
            return None
        made = hashlib.sha256((self.checks + self.commands[name]).encode())
        for used in listed.stdout.replace("\\\n", " ").split()[1:]:
            made.update((self.build / used).read_bytes())
        return made.hexdigest()

    def one(self, name):
        """Empty when nothing was found, else what clang-tidy said."""
        key = self.key(name)
        if key and (self.clean / key).exists():
            return ""
        done = said_by(["clang-tidy", "--quiet", "-p", self.database, self.top / name], self.top)
        if done.returncode != 0:
            return (done.stdout + done.stderr).strip() or f"{name}: exit status {done.returncode}"
        if key:
            (self.clean / key).touch()
        return ""

    def run(self, group):
        names = [n for n in self.commands if pathlib.Path(*pathlib.Path(n).parts[:-1][:2]) == pathlib.Path(group)]
        with ThreadPoolExecutor(self.jobs) as pool:
            return "\n".join(filter(None, pool.map(self.one, names)))
