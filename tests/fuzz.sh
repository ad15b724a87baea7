#!/bin/sh
# fuzz.sh - runs every tests/fuzz_*.c on its seeds, then on changes of them: with libFuzzer and
# sanitizers where clang has them, else as a plain program. FUZZ_SECONDS (60) is the time for
# all, CC and B as in the Makefile. Each fuzzer is one test.

unset CDPATH
cd "$(dirname "$0")/.." || exit 1
B=${B:-build}
CC=${CC:-cc}
seconds=${FUZZ_SECONDS:-60}
work=$B/fuzz
mkdir -p "$work" || exit 1
passed=0
failed=0
total=0
for f in tests/fuzz_*.c; do [ -f "$f" ] && total=$((total + 1)); done
[ "$total" -gt 0 ] || {
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
}
each=$((seconds / total))
[ "$each" -gt 0 ] || each=1

# libFuzzer is in a package of its own on some systems: try it
printf '%s\n' '#include <stddef.h>' 'int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);' \
    'int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n) { return (void)p, (void)n, 0; }' \
    >"$work/try.c"
if clang -fsanitize=fuzzer,address,undefined -o "$work/try" "$work/try.c" 2>/dev/null &&
    "$work/try" -runs=1 2>/dev/null; then
    library=1
    CC=clang
    flags='-g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined'
    link=-fsanitize=fuzzer,address,undefined
    define=-DTOKCLASS_LIBFUZZER
else
    library=
    flags='-g -O1'
    link=
    define=
    echo 'note: no libFuzzer here; plain programs, no sanitizers'
fi

# The library and the readers are compiled once; a fuzzer that has the implementation in itself
# is linked without the former.
objects=
for f in tools/tool.c tools/json.c tools/safetensors.c tools/hf*.c tools/tokclass.c; do
    o=${f#tools/}
    o=$work/${o%.c}.o
    # shellcheck disable=SC2086
    $CC -std=c99 $flags -I. -c -o "$o" "$f" || exit 1
    case $f in tools/tokclass.c) ;; *) objects="$objects $o" ;; esac
done

for f in tests/fuzz_*.c; do
    name=${f#tests/}
    name=${name%.c}
    seeds=tests/corpus/${name#fuzz_}
    library_object=$work/tokclass.o
    grep -q TOKCLASS_IMPLEMENTATION "$f" && library_object=
    echo "--- $name, $each s"
    # shellcheck disable=SC2086
    $CC -std=c99 $flags $link $define -I. -o "$work/$name" "$f" $objects $library_object \
        -lm -lpthread || {
        echo "FAILED: $name is not built"
        failed=$((failed + 1))
        continue
    }
    if [ "$library" ]; then
        # new inputs stay in the folder of what is built; what fails is kept as an artifact
        mkdir -p "$work/$name.corpus" "$seeds"
        "$work/$name" -max_total_time="$each" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 \
            -artifact_prefix="$work/$name-" "$work/$name.corpus" "$seeds" >"$work/$name.log" 2>&1
    else
        "$work/$name" "$seeds"/* -t "$each" >"$work/$name.log" 2>&1
    fi
    status=$?
    if [ "$status" = 0 ]; then
        passed=$((passed + 1))
        tail -n 1 "$work/$name.log"
    else
        failed=$((failed + 1))
        tail -n 40 "$work/$name.log"
        echo "FAILED: $name, exit status $status; inputs: $work/$name-*"
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
