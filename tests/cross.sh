#!/bin/sh
# cross.sh - the library for aarch64: compiled by gcc and clang without a warning, its tests run
# under qemu-user on three CPUs, and the program's numbers compared with those of this machine.
# Ends with "N passed, N failed, N skipped". A missing tool is a counted skip.

unset CDPATH
cd "$(dirname "$0")/.." || exit 1
target=aarch64-linux-gnu
work=${B:-build}/cross
mkdir -p "$work" || exit 1
warnings='-Wall -Wextra -pedantic -Wshadow -Wconversion -Werror'
readers='tools/tool.c tools/json.c tools/safetensors.c tools/hf*.c'
program=$(ls tools/*.c | grep -v /tokclass.c)
passed=0
failed=0
skipped=0
pass() { passed=$((passed + 1)); }
fail() { # NAME [LOG]
    failed=$((failed + 1))
    echo "FAILED: $1"
    [ -z "$2" ] || head -n 20 "$2"
}
skip() {
    skipped=$((skipped + 1))
    echo "skipped: $1"
}
have() { command -v "$1" >/dev/null 2>&1; }
finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
    exit
}

printf '#define TOKCLASS_IMPLEMENTATION\n#include "tokclass.h"\n' >"$work/one.c"
cp "$work/one.c" "$work/one.cpp"
compile() { # COMPILER-WITH-TARGET STANDARD SUFFIX FLAGS...
    compiler=$1
    standard=$2
    suffix=$3
    shift 3
    # shellcheck disable=SC2086
    if $compiler -std="$standard" $warnings -O2 -I. "$@" -c -o "$work/one.o" \
        "$work/one.$suffix" >"$work/log" 2>&1; then pass; else
        fail "$compiler -std=$standard $*" "$work/log"
    fi
}
if have $target-gcc; then
    for flags in -O1 -DTC_NO_SIMD -DTC_NO_THREADS -DTC_NO_STDIO -mcpu=cortex-a55 \
        -mcpu=neoverse-n1 -mcpu=a64fx -march=armv8-a+crypto -march=armv8.6-a; do
        compile $target-gcc c99 c $flags
    done
else
    skip "$target-gcc is not here"
fi
if have $target-g++; then compile $target-g++ c++11 cpp; else skip "$target-g++ is not here"; fi
# clang needs the target's C headers, which come with its gcc
if have clang && [ -d /usr/$target/include ]; then
    clang="clang --target=$target -isystem /usr/$target/include"
    compile "$clang" c99 c
    compile "$clang" c99 c -DTC_NO_SIMD
else
    skip "clang or the headers of $target are not here"
fi

# The inner loops by llvm's models of CPUs, which are of use from version 16 on.
mca=
for tool in llvm-mca llvm-mca-16 llvm-mca-17 llvm-mca-18 llvm-mca-19 llvm-mca-20 llvm-mca-21; do
    version=$($tool --version 2>/dev/null | sed -n 's/.*LLVM version \([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 16 ] && mca=$tool
done
if [ -n "$mca" ] && have $target-gcc && have python3; then
    $target-gcc -std=c99 -O2 -I. -S -o "$work/one.s" "$work/one.c" 2>"$work/log" &&
        python3 tests/loops.py "$work/one.s" "$mca" >"$work/log" 2>&1
    if [ $? = 0 ]; then pass; else fail 'cycles of the inner loops' "$work/log"; fi
    cat "$work/log"
else
    skip "llvm-mca 16 or later, python3 or $target-gcc is not here"
fi

qemu=
for q in qemu-aarch64 qemu-aarch64-static; do have $q && qemu=$q && break; done
case $(uname -m) in aarch64 | arm64) qemu=env ;; esac
if [ -z "$qemu" ] || ! have $target-gcc; then
    skip "qemu-aarch64 or $target-gcc is not here: nothing is run"
    finish
fi
# Emulation is slow: of the shared folder, if there is one, the large checkpoints are left to
# the machine itself. What lacks its data is skipped, and counted.
shared=${TOKCLASS_SHARED:-../shared}
if [ -d "$shared" ]; then
    shared=$(cd "$shared" && pwd)
    rm -rf "$work/shared"
    mkdir -p "$work/shared"
    for folder in "$shared"/*; do
        [ "${folder##*/}" = checkpoints ] || ln -s "$folder" "$work/shared/"
    done
    TOKCLASS_SHARED=$work/shared
    export TOKCLASS_SHARED
fi
limit=
have timeout && limit='timeout 1800'

# ------------------------------------------------------------------------------- the tests
if [ -f tests/all.c ]; then
    # shellcheck disable=SC2086
    if $target-gcc -std=c99 -O2 -static -I. -o "$work/all" tests/all.c $readers -lm -lpthread \
        2>"$work/log"; then
        # what a CPU can do matters to the kernels and to what stands on them
        for run in 'neoverse-n1' 'max kernels model' 'cortex-a72 kernels model'; do
            cpu=${run%% *}
            command="$qemu -cpu $cpu"
            [ $qemu = env ] && command=env
            echo "--- $command all${run#"$cpu"}"
            # shellcheck disable=SC2086
            $limit $command "$work/all" ${run#"$cpu"} >"$work/log" 2>&1 </dev/null
            status=$?
            counts=$(tail -n 1 "$work/log" |
                sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
            # shellcheck disable=SC2086
            set -- ${counts:-0 0 0}
            passed=$((passed + $1))
            failed=$((failed + $2))
            skipped=$((skipped + $3))
            grep -v ': skipped: ' "$work/log" | tail -n 20
            if [ $status != 0 ] && [ "$2" = 0 ]; then fail "exit status $status on $cpu"; fi
        done
    else
        fail 'tests/all.c is not built' "$work/log"
    fi
else
    skip 'no tests/all.c'
fi

# ---------------------------------------------------- the same numbers as on this machine
if [ -f examples/demo.tcm ]; then
    # shellcheck disable=SC2086
    if ${CC:-cc} -std=c99 -O2 -I. -o "$work/here" $program tools/tokclass.c -lm -lpthread \
        2>"$work/log" &&
        $target-gcc -std=c99 -O2 -static -I. -o "$work/there" $program tools/tokclass.c -lm \
            -lpthread 2>"$work/log"; then
        head -n 3 examples/demo.txt >"$work/text"
        same() { # ISA OPTIONS...: the program's bytes here and there
            isa=$1
            shift
            "$work/here" "$@" >"$work/out.here" &&
                $limit $qemu "$work/there" "$@" --isa "$isa" >"$work/out.there" &&
                [ -s "$work/out.here" ] && cmp -s "$work/out.here" "$work/out.there" &&
                pass && return
            fail "differs from this machine at $isa: $*"
        }
        same neon encode examples/demo.tcm "$work/text" --output logits
        same dotprod encode examples/demo.tcm "$work/text" --output logits
        same i8mm encode examples/demo.tcm "$work/text" --output logits
        same bf16 encode examples/demo.tcm "$work/text" --output logits
        same neon tag examples/demo.tcm "$work/text" --aggregation none --threads 2
        head -n 1 examples/demo.txt >"$work/text"
        same scalar encode examples/demo.tcm "$work/text" --output hidden
    else
        fail 'the program is not built' "$work/log"
    fi
else
    skip 'no examples/demo.tcm'
fi
finish
