#!/bin/sh
# bench_train.sh PROGRAM - fine-tunes the demonstration model for one epoch on four documents of
# five of WikiGold, with a label that it does not know (MISC), and scores the fifth. The F1 is
# the same on every machine with fused multiply-add; only the time differs.

program=${1:?usage: bench_train.sh PROGRAM}
case $program in /*) ;; *) program=$(pwd)/$program ;; esac
unset CDPATH
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/tokclass-bench.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
stated=0.6162

"$program" train examples/demo.tcm --train examples/wikigold/train.conll \
    --test examples/wikigold/test.conll --out "$work/ner.tcm" --epochs 1 --seed 42 \
    --learning-rate 2e-4 >"$work/report" || exit 1
cat "$work/report"
f1=$(awk '$1 == "micro" { print $5 }' "$work/report")
echo
echo "F1 $f1; stated: $stated"
[ "$f1" = "$stated" ]
