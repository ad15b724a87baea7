#!/bin/sh
# run.sh BUILD [NAME=VALUE...] - compares and times this library and its peers. BUILD holds the
# built program; everything made is written to BUILD/peers. README.md lists the names.

build=${1:?usage: run.sh BUILD [NAME=VALUE...]}
shift
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd) || exit 1
for word in "$@"; do
    case $word in
    [A-Z]*=*) export "${word?}" ;;
    *) echo "run.sh: $word is not NAME=VALUE" >&2 && exit 2 ;;
    esac
done

for part in $(echo "${PARTS:-}" | tr ',' ' '); do
    case $part in
    check | forward | tokenize | train | text | start) ;;
    *) echo "run.sh: there is no part $part" >&2 && exit 2 ;;
    esac
done

skip() {
    echo "skipped: $*"
    exit 0
}

[ -x "$build/tokclass" ] || { echo "run.sh: $build/tokclass is not built" >&2 && exit 1; }
mkdir -p "$build/peers" || exit 1
build=$(cd "$build" && pwd) || exit 1
work=$build/peers

# An environment of its own; PEERS_TORCH_INDEX may name a package index whose torch is for the
# CPU alone, which is smaller. "complete" is written last.
python=${PEERS_PYTHON:-}
if [ -z "$python" ]; then
    python=$work/venv/bin/python
    if ! cmp -s "$here/requirements.txt" "$work/venv/complete"; then
        command -v python3 >/dev/null || skip "the peers need python3"
        python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' \
            2>/dev/null || skip "the peers need python3 3.9 or later, with venv"
        echo "installing the peers into $work/venv (several GB where torch brings CUDA)"
        python3 -m venv --clear "$work/venv" >"$work/install.txt" 2>&1 ||
            skip "no virtual environment can be made, see $work/install.txt"
        if [ -n "${PEERS_TORCH_INDEX:-}" ]; then
            "$python" -m pip install --index-url "$PEERS_TORCH_INDEX" \
                "$(grep '^torch==' "$here/requirements.txt")" >>"$work/install.txt" 2>&1
        fi
        "$python" -m pip install -r "$here/requirements.txt" >>"$work/install.txt" 2>&1 ||
            skip "the packages of the peers cannot be installed, see $work/install.txt"
        cp "$here/requirements.txt" "$work/venv/complete"
    fi
fi
"$python" -c 'import numpy, torch, transformers' 2>/dev/null ||
    skip "$python cannot import numpy, torch and transformers"

echo "building $work/ours"
(cd "$here/../.." && ${CC:-cc} -std=c99 -O2 -I. -o "$work/ours" tests/peers/ours.c \
    -lm -lpthread) || exit 1
models=$(echo "${MODELS:-minilm bert}" | tr ',' ' ')
# shellcheck disable=SC2086 # a list of names
"$python" "$here/make_models.py" "$work/models" "$build/tokclass" $models \
    2>>"$work/errors.txt" || { tail -n 1 "$work/errors.txt" >&2 && exit 1; }
exec "$python" "$here/run.py" "$work" "$build/tokclass"
