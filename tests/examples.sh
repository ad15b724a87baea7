#!/bin/sh
# examples.sh - builds and runs the programs in examples/, as C and as C++. Ends with "N passed,
# N failed, N skipped".

unset CDPATH
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
    [ "$name" = 7_mpi ] && continue # below
    if [ ! -f examples/demo.tcm ]; then
        skipped=$((skipped + 1))
        echo "skipped: $f needs examples/demo.tcm"
        continue
    fi
    case $name in
    2_threads) set -- examples/demo.tcm examples/demo.txt ;;
    6_train) set -- "$work/tiny.tcm" ;;
    *) set -- ;;
    esac
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

# what the training loop saved is a model, and it has learned
if [ -x "$work/1_tag" ] && [ -f "$work/tiny.tcm" ]; then
    check "$work/1_tag" "$work/tiny.tcm" 'Anna lives in New York'
    if grep -q '^PER .*Anna$' "$work/out" && grep -q '^LOC .*New York$' "$work/out"; then
        passed=$((passed + 1))
    else
        fail '6_train: the names are not found'
        cat "$work/out"
    fi
fi

# two ranks with half a batch each have the losses of one with the whole batch
ranks() { # COUNT
    mpirun -n "$1" --oversubscribe --allow-run-as-root --timeout 600 "$work/7_mpi" \
        >"$work/ranks$1" 2>"$work/err" </dev/null && return
    fail "7_mpi on $1 ranks"
    head -n 5 "$work/err"
}
if command -v mpicc >/dev/null 2>&1 && mpirun --version 2>/dev/null | grep -q 'Open MPI' &&
    [ -f examples/demo.tcm ]; then
    # the way around the network stack that containers tend to forbid
    OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_CC=${CC:-cc}
    export OMPI_MCA_btl_vader_single_copy_mechanism OMPI_CC
    if mpicc -std=c99 -O2 -I. -o "$work/7_mpi" examples/7_mpi.c -lm -lpthread; then
        ranks 1
        ranks 2
        if paste "$work/ranks1" "$work/ranks2" | awk '
            { d = ($4 - $8) / $4; if (d < 0) d = -d; if (d > worst) worst = d }
            NR == 1 { first = $4 }
            END { printf "two ranks and one: %d losses, worst difference %.1e\n", NR, worst
                exit !(NR == 20 && worst < 1e-5 && $4 < first / 2 && $4 > 0) }'; then
            passed=$((passed + 1))
        else
            fail '7_mpi: losses differ'
        fi
    else
        fail 'examples/7_mpi.c: mpicc'
    fi
else
    skipped=$((skipped + 1))
    echo 'skipped: examples/7_mpi.c needs Open MPI and examples/demo.tcm'
fi

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
