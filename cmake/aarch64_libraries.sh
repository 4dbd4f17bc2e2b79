#!/bin/sh
# cmake/aarch64_libraries.sh: downloads Debian's arm64 packages of the libraries that the preset aarch64 links, and of
# the headers that it includes, and unpacks them in build/aarch64-libraries. Nothing is installed and no root needed:
# beside the packages of this machine not all of them could be (libyaml-cpp-dev is there for one architecture only).
set -eu
cd "$(dirname "$0")/.."

wanted="libeigen3-dev nlohmann-json3-dev libyaml-cpp-dev libjpeg62-turbo-dev libpng-dev doctest-dev"
also="eigen|json|yaml|jpeg|png|zlib|doctest" # of what these depend on; the rest comes with the cross compiler
place=build/aarch64-libraries
[ -f $place/complete ] && exit 0

echo "Unpacking arm64 packages in $place"
apt=$PWD/$place/apt # an apt of its own, which knows arm64 only and of no installed package
rm -rf $place
mkdir -p "$apt/lists/partial" "$apt/archives/partial" $place/usr/lib
ln -s usr/lib $place/lib
of_arm64() {
  tool=$1
  shift
  "$tool" -q -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User="$(id -un)" \
    -o Dir::State::lists="$apt/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$apt" "$@"
}
of_arm64 apt-get update
packages=$(of_arm64 apt-get install --simulate --no-install-recommends $wanted | awk '/^Inst/ { print $2 }' |
  grep -E "$also")
(cd "$apt" && of_arm64 apt-get download $packages)
for package in "$apt"/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C $place --keep-directory-symlink
done
rm -rf "$apt"
touch $place/complete
