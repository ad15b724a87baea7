#!/bin/sh
# kill.sh PROGRAM - a training that is killed again and again, also while it saves, ends with the
# same bytes as one that was not. Ends with "N passed, N failed, N skipped".

program=${1:?usage: kill.sh PROGRAM}
unset CDPATH
here=$(cd "$(dirname "$0")/.." && pwd) || exit 1
case $program in /*) ;; *) program=$(pwd)/$program ;; esac
work=$(mktemp -d "${TMPDIR:-/tmp}/tokclass-kill.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
passed=0
failed=0
check() { # NAME COMMAND...
    name=$1
    shift
    if "$@"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $name: $*"
    fi
}
finish() {
    echo "$passed passed, $failed failed, 0 skipped"
    [ "$failed" = 0 ]
    exit
}

data=$here/tests/data/train
"$program" convert "$data/bert" base.tcm || exit 1
train() { # NAME OPTIONS...: in place of this shell, so that its process is the program's
    name=$1
    shift
    exec "$program" train base.tcm --train "$data/train.conll" --dev "$data/train.conll" --quiet \
        --out "$name.tcm" --log "$name.log" --max-steps 900 --batch-size 5 --seed 7 \
        --learning-rate 1e-3 --weight-decay 0.01 --dropout 0.1 --eval 25 "$@" >"$name.out"
}
# the seconds of an evaluation are the only thing that may differ
log_of() { sed 's/, "eval_runtime": [^,}]*//' "$1"; }

(train whole) || exit 1
kills=0
: >broken.log
rounds=0
seed=12345
while [ $rounds -lt 900 ]; do
    rounds=$((rounds + 1))
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    before=$(($(cat broken.log | wc -l)))
    train broken --checkpoint saved --save-every 1 --resume --threads $((rounds % 2 + 1)) &
    child=$!
    # until some lines of the log are new, then a little longer
    wanted=$((before + 1 + seed / 65536 % 4))
    while kill -0 $child 2>/dev/null && [ "$(($(cat broken.log | wc -l)))" -lt $wanted ]; do
        sleep 0.01
    done
    sleep "0.0$((seed / 1024 % 3))$((seed / 4096 % 10))"
    if kill -9 $child 2>/dev/null; then kills=$((kills + 1)); fi
    wait $child 2>/dev/null && break
done
check "at least 30 kills, there were $kills" [ $kills -ge 30 ]
check 'the model' cmp whole.tcm broken.tcm
log_of whole.log >whole.lines
log_of broken.log >broken.lines
check 'the log' cmp whole.lines broken.lines
check 'no file is left over' [ "$(echo $(ls -A . saved))" = \
    '.: base.tcm broken.lines broken.log broken.out broken.tcm saved whole.lines whole.log whole.out whole.tcm saved: best.tcm checkpoint.tcm' ]

# a write that is ended by a signal leaves nothing
rounds=0
while [ $rounds -lt 40 ]; do
    rounds=$((rounds + 1))
    "$program" quantize whole.tcm small.tcm --dtype bf16 2>/dev/null &
    child=$!
    sleep "0.00$((rounds % 10))"
    kill -TERM $child 2>/dev/null
    wait $child 2>/dev/null
done
check 'no temporary file is left' [ -z "$(ls -A | grep tmp)" ]
finish
