#!/bin/sh
# valgrind.sh - short runs of the program under valgrind's memcheck. Ends with "N passed, N
# failed, N skipped".

unset CDPATH
cd "$(dirname "$0")/.." || exit 1
if ! command -v valgrind >/dev/null; then
    echo 'skipped: there is no valgrind'
    echo '0 passed, 0 failed, 1 skipped'
    exit 0
fi
B=${B:-build}
work=$B/valgrind
mkdir -p "$work" || exit 1
"${MAKE:-make}" -s "$work/tokclass" B="$work" CC="${CC:-cc}" CFLAGS='-std=c99 -O1 -g' || exit 1
passed=0
failed=0
skipped=0
run() { # STATUS ARGUMENTS...
    want=$1
    shift
    valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=all \
        --show-leak-kinds=all "$work/tokclass" "$@" >"$work/out" 2>"$work/err" <"$work/in"
    got=$?
    if [ $got = "$want" ] && ! grep -q '^==' "$work/err"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: exit status $got, not $want: $*"
        head -n 30 "$work/err"
    fi
}
: >"$work/in"
run 0 --version
run 2 tag
run 1 tag no-such-file
printf 'no model' >"$work/bad.tcm"
run 1 info "$work/bad.tcm"
run 1 convert tests "$work/out.tcm"
mkdir -p "$work/vocab" && cp tests/data/wordpiece/vocab-uncased.txt "$work/vocab/vocab.txt"
echo '{"do_lower_case": true}' >"$work/vocab/tokenizer_config.json"
run 0 convert --quiet "$work/vocab" "$work/vocab.tcm"
mkdir -p "$work/json" && cp tests/data/wordpiece/tokenizer-added.json "$work/json/tokenizer.json"
run 0 convert --quiet "$work/json" "$work/json.tcm"
echo 'a b' >"$work/in"
run 0 tokenize "$work/json.tcm" --offsets utf16
run 1 tag "$work/json.tcm"
run 1 quantize "$work/json.tcm" "$work/out.tcm" --dtype s8
if [ -f examples/demo.tcm ]; then
    echo 'My name is Sylvain and I work at Hugging Face in Brooklyn.' >"$work/in"
    for isa in base avx2; do
        "$work/tokclass" tag examples/demo.tcm --isa $isa "$work/in" >"$work/out" 2>&1 || continue
        run 0 tag examples/demo.tcm --isa $isa --threads 2
    done
    run 0 tag examples/demo.tcm --format html --constrain bio
    run 0 tokenize examples/demo.tcm --max-length 8 --stride 2
    run 0 encode examples/demo.tcm --output mean --format jsonl
    run 0 info examples/demo.tcm --json
    printf 'a \377\n' >"$work/in"
    run 1 tag examples/demo.tcm --strict-utf8
    head -c 200000 examples/demo.tcm >"$work/cut.tcm"
    run 1 info "$work/cut.tcm"
else
    skipped=$((skipped + 8))
    echo 'skipped: the rest needs examples/demo.tcm'
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
