#!/bin/sh
# cmake/install_packages.sh [build|tests|full|peers]: installs the Debian packages that are missing, if any are.
#   build  (default) what the library's examples and benchmarks need
#   tests  and what tests/run.sh needs
#   full   and what tests/run.sh --full needs
#   peers  what build has, and what benchmarks compare lamina with
set -eu

packages="g++ cmake ninja-build libeigen3-dev nlohmann-json3-dev libyaml-cpp-dev libjpeg62-turbo-dev libpng-dev
  libcli11-dev libbenchmark-dev"
tests="doctest-dev binutils"
full="clang libclang-rt-dev g++-aarch64-linux-gnu qemu-user"
peers="libopencv-dev libdnnl-dev libgoogle-perftools4 python3-venv"

case ${1:-build} in
  build) ;;
  tests) packages="$packages $tests" ;;
  full) packages="$packages $tests $full" ;;
  peers) packages="$packages $peers" ;;
  *) echo "usage: $0 [build|tests|full|peers]" >&2; exit 2 ;;
esac

if ! command -v dpkg-query > /dev/null; then
  echo "This is no Debian system; install what these packages hold:" $packages
  exit 0
fi

missing=""
for package in $packages; do
  case $(dpkg-query -W -f '${Status}' "$package" 2> /dev/null) in
    *" installed") ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

sudo=""
if [ "$(id -u)" -ne 0 ]; then
  sudo=sudo
  command -v sudo > /dev/null || { echo "Missing, and only root can install them:$missing" >&2; exit 1; }
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq < /dev/null
$sudo apt-get install -y -qq --no-install-recommends $missing < /dev/null > /dev/null
