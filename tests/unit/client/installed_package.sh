#!/bin/sh
# Installs the client library as a package would, and builds the example programs against what was installed:
# installed_package.sh BUILD_FOLDER SOURCE_FOLDER
set -eu
build=$1
source=$2
work=$(mktemp -d /tmp/tokenbroker-package.XXXXXX)
trap 'rm -rf "$work"' EXIT
fail() { echo "installed_package.sh: $*" >&2; exit 1; }

cmake --install "$build" --prefix "$work/prefix" --component development >"$work/log"
[ -z "$(find "$work/prefix" -path '*src*')" ] || fail "headers of src/ were installed"
cp -r "$source/config/examples/cpp" "$work/example"

# By CMake.
cmake -S "$work/example" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DCMAKE_CXX_FLAGS="${EXAMPLE_FLAGS:-} -Wall -Wextra -Werror" >>"$work/log" || { cat "$work/log"; fail "find_package"; }
cmake --build "$work/build" >>"$work/log" 2>&1 || { cat "$work/log"; fail "the example does not build"; }

# By pkg-config, from wherever the prefix was put.
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name tokenbroker-client.pc)")
export PKG_CONFIG_PATH
# shellcheck disable=SC2046,SC2086 # words are wanted
c++ ${EXAMPLE_FLAGS:-} "$work/example/get_token.cpp" -o "$work/by_pkg_config" \
  $(pkg-config --define-variable=prefix="$work/prefix" --cflags --libs tokenbroker-client)

# What the README says, as it stands there.
awk '/^```cpp$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$source/README.md" >"$work/readme.cpp"
# shellcheck disable=SC2046,SC2086 # words are wanted
c++ ${EXAMPLE_FLAGS:-} -Wall -Wextra -Werror "$work/readme.cpp" -o "$work/readme" \
  $(pkg-config --define-variable=prefix="$work/prefix" --cflags --libs tokenbroker-client) || fail "the README's C++ does not build"
if TOKENBROKER_SOCKET=$work/nobody "$work/readme" >"$work/said" 2>&1; then fail "the README's C++ got a token of nobody"; fi
grep -q "there is no socket $work/nobody" "$work/said" || fail "the README's C++ said: $(cat "$work/said")"

for program in "$work/build/get_token" "$work/by_pkg_config"; do
  code=0
  TOKENBROKER_SOCKET=$work/nobody "$program" account 2>"$work/said" || code=$?
  [ "$code" = 6 ] || fail "$program exited with $code where nobody listens: $(cat "$work/said")"
  grep -q "there is no socket $work/nobody" "$work/said" || fail "$program said: $(cat "$work/said")"
done
[ -x "$work/build/follow_token" ] || fail "the Asio example was not built"
echo "both examples and the README build against the installed package"
