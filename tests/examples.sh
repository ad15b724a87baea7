#!/bin/sh
# examples.sh - builds and runs the programs in examples/, as C and as C++. Ends with "N passed,
# N failed, N skipped".

cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
work=$B/examples
mkdir -p "$work" || exit 1
passed=0
failed=0
skipped=0
fail() {
    failed=$((failed + 1))
    echo "FAILED: $*"
}
check() { # COMMAND...: it succeeds, prints something, and complains of nothing
    if "$@" >"$work/out" 2>"$work/err" </dev/null && [ -s "$work/out" ] && [ ! -s "$work/err" ]; then
        passed=$((passed + 1))
    else
        fail "$*"
        head -n 5 "$work/out" "$work/err"
    fi
}
for f in examples/*.c; do
    name=${f#examples/}
    name=${name%.c}
    if [ ! -f examples/demo.tcm ]; then
        skipped=$((skipped + 1))
        echo "skipped: $f needs examples/demo.tcm"
        continue
    fi
    [ "$name" = 2_threads ] && set -- examples/demo.tcm examples/demo.txt || set --
    for compiler in "${CC:-cc} -std=c99" "${CXX:-c++} -x c++ -std=c++11"; do
        command -v "${compiler%% *}" >/dev/null 2>&1 || {
            skipped=$((skipped + 1))
            echo "skipped: ${compiler%% *} is not here"
            continue
        }
        # shellcheck disable=SC2086
        if $compiler -O2 -I. -o "$work/$name" "$f" -lm -lpthread; then check "$work/$name" "$@"; else
            fail "$f: $compiler"
        fi
        [ -f "$work/first" ] || cp "$work/out" "$work/first"
    done
    if cmp -s "$work/out" "$work/first"; then passed=$((passed + 1)); else
        fail "$f: C and C++ differ"
    fi
    rm -f "$work/first"
done

# the program at the top of the README, built as it says
if [ -f README.md ] && [ -f examples/demo.tcm ]; then
    awk '/^```c$/ { on = 1; next } /^```/ { if (on) exit } on' README.md >"$work/program.c"
    if ${CC:-cc} -O2 -I. "$work/program.c" -o "$work/program" -lm -lpthread; then
        check "$work/program"
    else
        fail 'the program of README.md'
    fi
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
