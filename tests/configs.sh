#!/bin/sh
# configs.sh NAME... - the tests in several configurations, each built in a folder of its own;
# ends with the sum of their counts. JOBS=2 runs two at a time. Names: check gcc clang native
# nosimd openmp amx asan tsan macros refuse examples valgrind cross fuzz.

unset CDPATH
here=$(cd "$(dirname "$0")" && pwd) || exit 1
cd "$here/.." || exit 1
MAKE=${MAKE:-make}
B=${B:-build}
have() { command -v "$1" >/dev/null 2>&1; }
skipped() { echo "echo 'skipped: $1'; echo 0 passed, 0 failed, 1 skipped"; }

# The command of a configuration, for run.sh.
command_of() {
    sanitized='-g -fno-omit-frame-pointer -fno-sanitize-recover=all'
    cc=gcc
    have gcc || cc=cc
    case $1 in
    check) echo "- $MAKE check" ;;
    gcc | clang)
        if have "$1"; then echo "$MAKE test CC=$1 B=$B/$1"; else skipped "no $1"; fi
        ;;
    native) # a compiler that may contract and vectorise must not change a bit
        echo "$MAKE test CC=$cc B=$B/native CFLAGS='-std=gnu11 -O3 -march=native'"
        ;;
    nosimd)
        echo "$MAKE test CC=$cc B=$B/nosimd CFLAGS='-std=c99 -O2 -DTC_NO_SIMD -DTC_NO_THREADS'"
        ;;
    openmp) # and characters as on ARM
        if echo '#include <omp.h>' | $cc -fopenmp -x c -fsyntax-only - 2>/dev/null; then
            echo "$MAKE test CC=$cc B=$B/openmp CFLAGS='-std=c99 -O2 -DTC_OPENMP -fopenmp -funsigned-char'"
        else
            skipped 'no OpenMP'
        fi
        ;;
    amx) # level amx, also where the CPU has none
        echo "mkdir -p $B/amx && $cc -O2 -Wall -Wextra -Werror -c -o $B/amx/amx.o tests/amx.c &&" \
            "$MAKE $B/amx/all CC=$cc B=$B/amx LDFLAGS=$B/amx/amx.o" \
            "CFLAGS='-std=c99 -O2 -DTC__EMULATED_AMX' && $B/amx/all kernels model train"
        ;;
    asan)
        have clang && cc=clang
        echo "ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1" \
            "UBSAN_OPTIONS=print_stacktrace=1" \
            "$MAKE test CC=$cc B=$B/asan CFLAGS='-std=c99 -O1 $sanitized -fsanitize=address,undefined'"
        ;;
    tsan) # the suites with threads
        echo "$MAKE test CC=$cc B=$B/tsan SUITES='model tag data train export' CFLAGS='-std=c99 -O2 $sanitized -fsanitize=thread'"
        ;;
    macros) echo 'sh tests/macros.sh' ;;
    refuse) echo "CC=$cc sh tests/refuse.sh" ;;
    examples) echo 'sh tests/examples.sh' ;;
    valgrind)
        if have valgrind; then echo 'sh tests/valgrind.sh'; else skipped 'no valgrind'; fi
        ;;
    cross) echo "$MAKE cross" ;;
    fuzz) echo "$MAKE fuzz FUZZ_SECONDS=${FUZZ_SECONDS:-20}" ;;
    *) echo "echo 'no such configuration: $1'; false" ;;
    esac
}

export B
first=1
for name; do
    [ "$first" ] && set --
    first=
    set -- "$@" "$(command_of "$name")"
done
exec sh "$here/run.sh" "$@"
