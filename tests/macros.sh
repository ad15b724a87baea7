#!/bin/sh
# macros.sh - the header under every compiler here, as C and C++, with each macro of 05-config,
# without a warning; the sources around it without a warning; then what the object file may
# contain, and programs of several translation units. Ends with "N passed, N failed, N skipped".

unset CDPATH
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
work=${B:-build}/macros
rm -rf "$work"
mkdir -p "$work" || exit 1
warnings='-Wall -Wextra -pedantic -Wshadow -Wconversion -Werror'
passed=0
failed=0
skipped=0

pass() { passed=$((passed + 1)); }
fail() { # NAME [LOG]
    failed=$((failed + 1))
    echo "FAILED: $1"
    [ -z "$2" ] || head -n 12 "$2"
}
have() { command -v "$1" >/dev/null 2>&1; }

# try NAME COMMAND...: one test
try() {
    name=$1
    shift
    if "$@" >"$work/log" 2>&1; then pass; else fail "$name: $*" "$work/log"; fi
}

# ------------------------------------------------------------------- one file for each case
put() { # CASE: the lines before the implementation come from standard input
    {
        cat
        echo '#define TOKCLASS_IMPLEMENTATION'
        [ "$1" = header ] || echo '#include "tokclass.h"'
        [ "$1" = header ] && echo '#include "renamed.h"'
        [ "$1" = twice ] && echo '#include "tokclass.h"'
    } >"$work/$1.c"
    cp "$work/$1.c" "$work/$1.cpp"
    cases="$cases $1"
}
cases=
put none </dev/null
put twice <<'E'
#include "tokclass.h"
E
for macro in TC_NO_STDIO TC_NO_THREADS TC_NO_SIMD TC_NO_TRAIN; do
    echo "#define $macro" | put "$macro"
done
put all_no <<'E'
#define TC_NO_STDIO
#define TC_NO_THREADS
#define TC_NO_SIMD
#define TC_NO_TRAIN
E
put no_threads_stdio <<'E'
#define TC_NO_STDIO
#define TC_NO_THREADS
E
echo '#define TC_STATIC' | put TC_STATIC
put TC_API <<'E'
#define TC_API extern __attribute__((visibility("default")))
E
put TC_OPENMP <<'E'
#define TC_OPENMP
E
cp tokclass.h "$work/renamed.h"
put header <<'E'
#define TC_HEADER "renamed.h"
E
put memory <<'E'
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
void *own_realloc(void *p, size_t n);
void own_free(void *p);
#ifdef __cplusplus
}
#endif
#define TC_REALLOC(p, n) own_realloc(p, n)
#define TC_FREE(p) own_free(p)
E
put assert <<'E'
#ifdef __cplusplus
extern "C"
#endif
    void own_assert(const char *what);
#define TC_ASSERT(x) ((x) ? (void)0 : own_assert(#x))
E
put ndebug <<'E'
#define NDEBUG
E
# names that system headers and other libraries like to define as macros
put names <<'E'
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define MIN min
#define MAX max
#define ERROR 1
#define DEBUG 1
#define I 1
E

compile() { # COMPILER STANDARD SUFFIX CASE FLAGS...
    compiler=$1
    standard=$2
    suffix=$3
    case=$4
    shift 4
    # shellcheck disable=SC2086
    try "$case" "$compiler" -std="$standard" $warnings -I. -I"$work" "$@" -c \
        -o "$work/$case.o" "$work/$case.$suffix"
}

# compile_all COMPILER OLDEST SUFFIX NEWER...
compile_all() {
    c=$1
    oldest=$2
    s=$3
    shift 3
    have "$c" || {
        skipped=$((skipped + 1))
        echo "skipped: $c is not here"
        return
    }
    echo "--- $c -std=$oldest"
    for case in $cases; do
        openmp=
        if [ "$case" = TC_OPENMP ]; then
            openmp=-fopenmp
            echo '#include <omp.h>' >"$work/omp.c"
            "$c" -fopenmp -x c -fsyntax-only "$work/omp.c" 2>/dev/null || {
                skipped=$((skipped + 1))
                echo "skipped: $c has no omp.h"
                continue
            }
        fi
        # shellcheck disable=SC2086
        compile "$c" "$oldest" "$s" "$case" $openmp -fsyntax-only
    done
    for standard; do compile "$c" "$standard" "$s" none -fsyntax-only; done
    compile "$c" "$oldest" "$s" none -fsyntax-only -fmacro-prefix-map="$root"=/elsewhere
    if [ "$s" = cpp ]; then
        compile "$c" "$oldest" "$s" none -O2
        return
    fi
    compile "$c" "$oldest" "$s" none -O3 -march=native
    compile "$c" "$oldest" "$s" none -Os -fPIC
}
compile_all gcc c99 c c11 gnu11 gnu2x
compile_all clang c99 c c11 gnu11 gnu2x
compile_all g++ c++11 cpp c++14 c++17 gnu++20
compile_all clang++ c++11 cpp c++14 c++17 gnu++20

# ----------------------------------------------------------- the sources around the header
for c in gcc clang; do
    have $c || continue
    echo "--- sources, $c"
    for f in tools/*.c examples/*.c tests/fuzz_*.c tests/all.c tests/bench.c; do
        [ -f "$f" ] || continue
        [ "$f" = examples/5_embed.c ] && [ ! -f examples/demo.tcm ] && continue
        # the tests' headers hold more than every fuzzer needs
        flags=
        case $f in
        tests/*) flags=-Wno-unused-function ;;
        *_mpi.c) flags=$(mpicc -showme:compile 2>/dev/null) || {
            skipped=$((skipped + 1))
            echo "skipped: $f needs mpicc"
            continue
        } ;;
        esac
        # shellcheck disable=SC2086
        try "$f" $c -std=c99 $warnings $flags -I. -fsyntax-only "$f"
    done
done
if have gcc && echo 'int main(void) { return sizeof(void *) != 4; }' >"$work/m32.c" &&
    gcc -m32 -o "$work/m32" "$work/m32.c" 2>/dev/null; then
    compile gcc c99 c none -m32 -msse2 -mfpmath=sse
else
    skipped=$((skipped + 1))
    echo 'skipped: no 32-bit C library here'
fi

# ----------------------------------------------------------------------- the object file
for c in gcc clang; do
    have $c && have nm || continue
    echo "--- object, $c"
    compile $c c99 c none -O2 -DNDEBUG -fno-pic
    nm "$work/none.o" | awk '$2 ~ /^[bBdDC]$/ { print $3 " can be written" }
        $2 ~ /^[TRW]$/ && $3 !~ /^tc_[a-z0-9]/ { print $3 " is not a public name" }
        $1 == "U" && $2 ~ /^(v?f?printf|puts|f?putc|putchar|stdout|stderr|stdin|exit|_exit|abort|atexit|signal|getenv|secure_getenv|setlocale|localeconv|strto(d|f|ld)|ato[fil]|[fs]?scanf|system)$/ {
            print $2 " is not for a library" }' >"$work/log"
    if [ -s "$work/log" ]; then fail "symbols, $c" "$work/log"; else pass; fi
    have size && {
        text=$(size "$work/none.o" | awk 'NR == 2 { print $1 }')
        echo "text: $text bytes"
        if [ "$text" -lt 700000 ]; then pass; else fail "text of $text bytes, $c"; fi
    }
    # shellcheck disable=SC2086
    $c -std=c99 -DNDEBUG -fno-pic -I. -c -o "$work/object.o" "$work/TC_NO_STDIO.c"
    nm "$work/object.o" | awk '$1 == "U" && $2 ~ /^(fopen|fread|open|mmap|read|write|stat|fstat)$/ {
            print $2 " with TC_NO_STDIO" }' >"$work/log"
    if [ -s "$work/log" ]; then fail "TC_NO_STDIO, $c" "$work/log"; else pass; fi
done

# ------------------------------------------------------- programs of several files
cat >"$work/a.c" <<'E'
#include "tokclass.h"
#ifdef __cplusplus
extern "C"
#endif
    int other(void);
int main(void) {
    tc_tagger *tagger = NULL;
    tc_status status = tc_load("/nonexistent/model.tcm", &tagger);
    tc_model *model = NULL;
    tc_status empty = tc_model_open("", 0, NULL, &model);
    tc_tagger_free(tagger);
    tc_model_free(model);
    return !(status == TC_ERROR_IO && !tagger && empty != TC_OK && !model && other() == 0);
}
E
cat >"$work/b.c" <<'E'
#include "tokclass.h"
#include "tokclass.h"
#ifdef __cplusplus
extern "C"
#endif
    int other(void);
int other(void) { return tc_status_text(TC_OK) == NULL || tc_level_name(TC_LEVEL_SCALAR) == NULL; }
E
cp "$work/a.c" "$work/a.cpp"
cp "$work/b.c" "$work/b.cpp"
several() { # NAME MAIN OTHER IMPLEMENTATION, each COMPILER:SUFFIX
    objects=
    n=0
    linker=gcc
    ok=1
    for part in "$2:a" "$3:b" "$4:none"; do
        compiler=${part%%:*}
        part=${part#*:}
        suffix=${part%%:*}
        file=${part#*:}
        have "$compiler" || {
            skipped=$((skipped + 1))
            echo "skipped: $compiler is not here"
            return
        }
        standard=c99
        [ "$suffix" = c ] || {
            standard=c++11
            linker=$compiler
        }
        n=$((n + 1))
        "$compiler" -std=$standard -I. -c -o "$work/part$n.o" "$work/$file.$suffix" \
            2>"$work/log" || ok=
        objects="$objects $work/part$n.o"
    done
    # shellcheck disable=SC2086
    [ "$ok" ] && $linker -o "$work/several" $objects -lm -lpthread 2>"$work/log" &&
        "$work/several" && pass && return
    fail "several files, $1" "$work/log"
}
echo '--- several files'
several 'all C' gcc:c gcc:c gcc:c
several 'all C++' g++:cpp g++:cpp g++:cpp
several 'C++ on C' g++:cpp gcc:c gcc:c
several 'C on C++' gcc:c gcc:c clang++:cpp
several 'two compilers' clang:c gcc:c clang:c
{
    printf '#define TC_STATIC\n#define TOKCLASS_IMPLEMENTATION\n'
    sed 's/other() == 0/tc_status_text(TC_OK)/' "$work/a.c"
} >"$work/one.c"
try 'one static file' gcc -std=c99 -Wall -Wextra -Werror -I. -o "$work/one" "$work/one.c" -lm -lpthread
try 'one static file, run' "$work/one"

echo '--- inner loops'
printf '#define TOKCLASS_IMPLEMENTATION\n#include "tokclass.h"\n' >"$work/loops.c"
for compiler in gcc clang; do
    if have $compiler && have python3; then
        try "$compiler -S" $compiler -std=c99 -O2 -I. -S -o "$work/loops.s" "$work/loops.c"
        try "inner loops of $compiler" python3 tests/loops.py "$work/loops.s"
    else
        skipped=$((skipped + 1))
        echo "skipped: $compiler or python3 is not here"
    fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
