# Sourced by examples/run and tests/run: what this machine must have, installing it after asking, building.
# Expects $program (for messages), $root (the tree) and $yes (1 when --yes was given).

# shellcheck disable=SC2154 # they are set where this is sourced
say() { printf '%s\n' "$*" >&2; }

stop() {
  say "$program: $*"
  exit 2
}

# need PACKAGE TEST…: notes the package unless the test succeeds.
need() {
  package=$1
  shift
  "$@" >/dev/null 2>&1 </dev/null || missing="$missing $package"
}

have() { command -v "$1"; }
have_c() { printf '#include <stdio.h>\nint main(void) { return 0; }\n' | "${CC:-cc}" -x c - -o "$scratch/c"; }
have_cxx() { printf '#include <cstdio>\nint main() { return 0; }\n' | "${CXX:-c++}" -x c++ - -o "$scratch/cxx"; }
have_python() { python3 -c 'import json, pathlib, subprocess, sys; sys.exit(sys.version_info < (3, 9))'; }
have_python_venv() { python3 -c 'import ensurepip, venv'; }
have_python_headers() {
  python3 -c 'import os, sysconfig; open(os.path.join(sysconfig.get_path("include"), "Python.h"))'
}
have_meson() { meson --version | grep -qE '^[1-9]'; }

# Debian keeps the server's programs out of PATH.
have_postgresql() { have initdb || ls /usr/lib/postgresql/*/bin/initdb; }

need_to_build() {
  need gcc have_c
  need libc6-dev have_c
  need meson have_meson
  need ninja-build have ninja
  need pkg-config have pkg-config
  need python3 have_python
  need libsqlite3-dev pkg-config --exists 'sqlite3 >= 3.40'
  need libutf8proc-dev pkg-config --exists libutf8proc
  need libyaml-dev pkg-config --exists yaml-0.1
  need libjansson-dev pkg-config --exists jansson
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get "$@" >&2 </dev/null; }

# shellcheck disable=SC2086 # $missing is a list of words
install_missing() {
  set -- /var/lib/apt/lists/*Packages*
  if [ ! -e "$1" ]; then
    apt update || say "$program: apt-get update failed; going on with what is known"
  fi
  apt install -y --no-install-recommends $missing && return 0
  apt update && apt install -y --no-install-recommends $missing
}

# The question goes to the terminal, never to standard input, which is the program's.
agreed() {
  [ "$yes" = 1 ] && return 0
  if ! (: </dev/tty) 2>/dev/null; then
    stop "there is no terminal to ask on: run it with --yes to agree, or install the packages yourself"
  fi
  printf 'Install them now with apt-get? [y/N] ' >/dev/tty
  read -r answer </dev/tty || answer=
  case $answer in
  y | Y | yes | Yes | YES) return 0 ;;
  *) stop "nothing was installed" ;;
  esac
}

# provide NEEDS: a function that calls need for everything. Silent when nothing is missing.
provide() {
  scratch=$(mktemp -d)
  missing=
  "$1"
  if [ -n "$missing" ]; then
    say "$program needs these packages, which this machine lacks:"
    say "$missing"
    if [ "$(id -u)" != 0 ] || ! have apt-get >/dev/null; then
      rm -rf "$scratch"
      stop "install them first: sudo apt-get install$missing"
    fi
    rm -rf "$scratch"
    agreed
    install_missing || stop "apt-get could not install:$missing"
    scratch=$(mktemp -d)
    missing=
    "$1"
  fi
  rm -rf "$scratch"
  [ -z "$missing" ] || stop "still missing after the installation:$missing"
}

# configure FOLDER OPTIONS…: once; later runs of ninja notice changed build files themselves.
configure() {
  folder=$1
  shift
  [ -f "$folder/build.ninja" ] && return 0
  say "Building in ${folder#"$root"/} ..."
  meson setup "$folder" "$root" "$@" >&2 </dev/null
}
