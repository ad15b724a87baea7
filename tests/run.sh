#!/bin/sh
# run.sh COMMAND... - runs each command and ends with the sum of their last lines, each
# "N passed, N failed, N skipped". A command that ends without such a line, or with a bad exit
# status and no failure in it, counts as one failure. A command that begins with "- " has no
# such line: its exit status is one test. JOBS=N runs N at a time; what they print stays in the
# order given.

work=$(mktemp -d "${TMPDIR:-/tmp}/tokclass-run.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
workers=
trap '[ -z "$workers" ] || kill $workers; exit 1' HUP INT TERM
passed=0
failed=0
skipped=0
counts='^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed, \([0-9][0-9]*\) skipped$'

# Command K here, its output shown while it is made; its exit status in $work/K/status.
run_here() {
    mkdir "$work/$1"
    {
        sh -c "$plain"
        echo $? >"$work/$1/status"
    } 2>&1 </dev/null | tee "$work/$1/log"
}

# Runs the commands that no other worker has taken.
worker() {
    k=0
    for command; do
        k=$((k + 1))
        mkdir "$work/$k" 2>/dev/null || continue
        sh -c "${command#- }" >"$work/$k/log" 2>&1 </dev/null
        echo $? >"$work/$k/exit"
        mv "$work/$k/exit" "$work/$k/status"
    done
}
jobs=${JOBS:-1}
unset JOBS # it is not for the commands
n=0
while [ "$jobs" -gt 1 ] && [ $n -lt "$jobs" ]; do
    n=$((n + 1))
    worker "$@" &
    workers="$workers $!"
done

add() { # PASSED FAILED SKIPPED
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
    if [ "$status" != 0 ] && [ "$2" = 0 ]; then
        echo "FAILED: exit status $status: $plain"
        failed=$((failed + 1))
    fi
}

k=0
for command; do
    k=$((k + 1))
    plain=${command#- }
    echo "--- $plain"
    if [ -z "$workers" ]; then run_here $k; else
        while [ ! -e "$work/$k/status" ]; do sleep 1; done
        cat "$work/$k/log"
    fi
    status=$(cat "$work/$k/status")
    line=$(tail -n 1 "$work/$k/log" | sed -n "s/$counts/\1 \2 \3/p")
    if [ "$plain" != "$command" ]; then
        line='1 0 0'
        [ "$status" = 0 ] || line='0 1 0'
    elif [ -z "$line" ]; then
        # make prints a line of its own behind the counts of a test that fails
        line=$(grep -v '^make' "$work/$k/log" | tail -n 1 | sed -n "s/$counts/\1 \2 \3/p")
        [ "$status" = 0 ] && line=
    fi
    [ -n "$line" ] || echo "FAILED: no counts from: $plain (exit status $status)"
    # shellcheck disable=SC2086
    add ${line:-0 1 0}
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
