#!/bin/sh
# run.sh COMMAND... - runs each command and ends with the sum of their last lines, each
# "N passed, N failed, N skipped". A command that ends without such a line, or with a bad exit
# status and no failure in it, counts as one failure. A command that begins with "- " has no
# such line: its exit status is one test.

log=$(mktemp "${TMPDIR:-/tmp}/tokclass-run.XXXXXX") || exit 1
trap 'rm -f "$log" "$log.status"' EXIT
trap 'exit 1' HUP INT TERM
passed=0
failed=0
skipped=0
counts='^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed, \([0-9][0-9]*\) skipped$'

add() { # PASSED FAILED SKIPPED
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
    if [ "$status" != 0 ] && [ "$2" = 0 ]; then
        echo "FAILED: exit status $status: $plain"
        failed=$((failed + 1))
    fi
}

for command; do
    plain=${command#- }
    echo "--- $plain"
    {
        sh -c "$plain"
        echo $? >"$log.status"
    } 2>&1 </dev/null | tee "$log"
    status=$(cat "$log.status")
    line=$(tail -n 1 "$log" | sed -n "s/$counts/\1 \2 \3/p")
    if [ "$plain" != "$command" ]; then
        line='1 0 0'
        [ "$status" = 0 ] || line='0 1 0'
    elif [ -z "$line" ]; then
        # make prints a line of its own behind the counts of a test that fails
        line=$(grep -v '^make' "$log" | tail -n 1 | sed -n "s/$counts/\1 \2 \3/p")
        [ "$status" = 0 ] && line=
    fi
    [ -n "$line" ] || echo "FAILED: no counts from: $plain (exit status $status)"
    # shellcheck disable=SC2086
    add ${line:-0 1 0}
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
