#!/bin/sh
# refuse.sh - runs of the program in which the system refuses one request: for memory, for a
# thread, for work on a file; each request of each command in its turn, or MOST (60) of them,
# evenly spread. The run does as if nothing had happened, or says one line and leaves every file
# as it was. Ends with "N passed, N failed, N skipped".

unset CDPATH
cd "$(dirname "$0")/.." || exit 1
here=$(pwd)
B=${B:-build}
MOST=${MOST:-60}
mkdir -p "$B/refuse" || exit 1
echo 'int main(void) { return 0; }' >"$B/refuse/try.c"
if ! ${CC:-cc} -Wl,--wrap=malloc -o "$B/refuse/try" "$B/refuse/try.c" 2>/dev/null; then
    echo 'skipped: the linker has no --wrap'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi
calls='malloc calloc realloc mmap pthread_create fopen read write fsync rename mkstemp mkdir
fstat stat opendir realpath fflush open'
wraps=
for name in $calls; do wraps="$wraps -Wl,--wrap=$name"; done
if ! ${CC:-cc} -std=c11 -O1 -g -c -o "$B/refuse/refuse.o" tests/refuse.c ||
    ! "${MAKE:-make}" -s "$B/refuse/tokclass" B="$B/refuse" LDFLAGS="$B/refuse/refuse.o$wraps" \
        CFLAGS="${CFLAGS:--std=c99 -O1 -g}"; then
    echo '0 passed, 1 failed, 0 skipped'
    exit 1
fi
program=$here/$B/refuse/tokclass
model=$here/examples/demo.tcm
data=$here/tests/data
work=$(mktemp -d "${TMPDIR:-/tmp}/tokclass-refuse.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
LC_ALL=C
export LC_ALL
passed=0
failed=0

fail() {
    failed=$((failed + 1))
    echo "FAILED: $1"
    head -c 600 now/err
}

# one KIND N ARGUMENTS...: in the folder now, a copy of before; its status in $got
one() {
    kind=$1
    n=$2
    shift 2
    rm -rf now count
    cp -Rp before now
    (cd now && REFUSE_KIND=$kind REFUSE=$n REFUSE_COUNT=../count exec "$program" "$@" \
        <in >out 2>err)
    got=$?
    plain
}

# Leaves out how long it took.
plain() {
    for file in out page.html; do
        [ ! -f now/$file ] || sed '/runtime/d; /second/d; /sentences\/s/d' now/$file >file
        [ ! -f now/$file ] || mv file now/$file
    done
}

# What a run that fails may leave behind: its log, checkpoints, files of a checkpoint that it had
# written, a page that was done before the end of standard output.
unchanged() { diff -r -q -x out -x err -x log -x saved -x new -x page.html before now; }

each() { # ARGUMENTS...
    for kind in memory thread file; do
        one $kind 0 "$@"
        if [ $got != 0 ]; then
            fail "exit status $got: $*"
            return
        fi
        rm -rf whole
        mv now whole
        count=$(cat count)
        step=$((count / MOST + 1))
        k=1
        while [ "$k" -le "$count" ]; do
            one $kind $k "$@"
            case $got in
            0) if diff -r -q -x err whole now >/dev/null; then passed=$((passed + 1)); else
                fail "$kind $k of $count, silently another result: $*"
                diff -r -q -x err whole now
            fi ;;
            1) if [ "$(($(wc -l <now/err)))" = 1 ] && grep -q '^tokclass: ' now/err &&
                unchanged >/dev/null && ! find now | grep -q '\.tokclass-'; then passed=$((passed + 1)); else
                fail "$kind $k of $count, more than one line or other files: $*"
                unchanged
            fi ;;
            *) fail "$kind $k of $count, exit status $got: $*" ;;
            esac
            k=$((k + step))
        done
        echo "$kind, $count requests: $*"
    done
}

mkdir before
cd before || exit 1
cat >in <<'END'
My name is Sylvain and I work at Hugging Face in Brooklyn.

Ada Lovelace met Charles Babbage in London.
END
printf 'Ada\tB-PER\nmet\tO\nEve\tB-PER\n\nIn\tO\nRome\tB-LOC\n\n' >labelled.conll
printf 'Ada\tB-PER\tB-PER\nmet\tO\tO\nEve\tB-PER\tO\n\nIn\tO\tO\nRome\tB-LOC\tB-LOC\n\n' \
    >both.conll
"$program" convert --quiet "$data/train/bert" small.tcm || exit 1
"$program" export --quiet small.tcm folder || exit 1
cd ..

each tag "$model"
each tag "$model" --threads 2 --format html
each tag "$model" in --format json
each tokenize "$model" --offsets utf16
each encode "$model" --output mean --format jsonl
each convert --quiet folder new.tcm
each convert --quiet folder small.tcm --dtype s8
each export --quiet small.tcm new
each quantize --quiet small.tcm new.tcm --dtype s16
each quantize --quiet small.tcm new.tcm --dtype s8 --eval labelled.conll --max-loss 100
each info small.tcm --json
each score both.conll
each score both.conll --confusion --format json
each eval small.tcm labelled.conll --report page.html
each data labelled.conll
each train small.tcm --train labelled.conll --out new.tcm --max-steps 3 --quiet --log log \
    --checkpoint saved --save-every 1
each train small.tcm --train labelled.conll --out new.tcm --max-steps 2 --quiet --threads 2

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
