#!/bin/sh
# cli.sh PROGRAM - contract tests of the command line program: exit statuses, messages, formats.
# Prints a line for each failure and ends with "N passed, N failed, N skipped".

program=${1:?usage: cli.sh PROGRAM [MODEL]}
unset CDPATH
here=$(cd "$(dirname "$0")/.." && pwd) || exit 1
model=${2:-$here/examples/demo.tcm}
case $program in /*) ;; *) program=$(pwd)/$program ;; esac
work=$(mktemp -d "${TMPDIR:-/tmp}/tokclass-cli.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
LC_ALL=C
export LC_ALL

passed=0
failed=0
skipped=0
tab=$(printf '\t')

pass() { passed=$((passed + 1)); }
fail() { # NAME DETAIL
    failed=$((failed + 1))
    echo "FAILED: $1: $2"
}

# run NAME STATUS ARGUMENTS...: standard output in ./out, standard error in ./err; reads ./in.
run() {
    name=$1
    want=$2
    shift 2
    "$program" "$@" <in >out 2>err
    got=$?
    if [ "$got" = "$want" ]; then pass; else
        fail "$name" "exit status $got, not $want: $(head -c 300 err | tr '\n' ' ')"
    fi
}

# What the last run wrote. Patterns are fixed strings.
out_has() { if grep -qF -e "$1" out; then pass; else fail "$name" "output lacks: $1"; fi; }
out_lacks() { if grep -qF -e "$1" out; then fail "$name" "output has: $1"; else pass; fi; }
err_has() {
    if grep -qF -e "$1" err; then pass; else
        fail "$name" "message lacks: $1 ($(head -c 300 err))"
    fi
}
out_is() {
    if printf '%b' "$1" | cmp -s - out; then pass; else
        fail "$name" "output is: $(head -c 300 out)"
    fi
}
out_lines() {
    n=$(($(wc -l <out)))
    if [ "$n" = "$1" ]; then pass; else fail "$name" "$n lines, not $1"; fi
}
out_empty() { if [ -s out ]; then fail "$name" "output: $(head -c 100 out)"; else pass; fi; }
err_empty() { if [ -s err ]; then fail "$name" "message: $(head -c 200 err)"; else pass; fi; }
# A failure says one line, "tokclass: ...", and nothing else.
one_line() {
    if [ "$(($(wc -l <err)))" = 1 ] && grep -q '^tokclass: ' err; then pass; else
        fail "$name" "not one line that begins with tokclass: $(head -c 300 err)"
    fi
}
wrong() { # NAME ARGUMENTS...: a wrong command line
    label=$1
    shift
    run "$label" 2 "$@"
    one_line
    out_empty
}
broken() { # NAME ARGUMENTS...: failed work
    label=$1
    shift
    run "$label" 1 "$@"
    one_line
}
input() { printf '%b' "$1" >in; }

input ''

# ---------------------------------------------------------------- the program, its options
run 'help' 0 --help
out_has 'usage: tokclass'
err_empty
run 'version' 0 --version
out_has 'tokclass '
wrong 'no command'
wrong 'unknown command' tgg
err_has tag
wrong 'option before the command' --frobnicate
for command in train data bench; do
    run "help of $command" 0 "$command" --help
    if awk 'length > 79 { exit 1 }' out; then pass; else fail "$name" 'a wide line'; fi
done
for command in tag tokenize encode info convert export score quantize eval; do
    run "help of $command" 0 "$command" --help
    out_has "usage: tokclass $command"
    out_has '--help'
    if awk 'length > 79 { exit 1 }' out; then pass; else fail "$name" 'a wide line'; fi
    err_empty
    wrong "$command: no argument" "$command"
    wrong "$command: unknown option" "$command" --frobnicate x y
    err_has '--frobnicate'
done
wrong 'the nearest option, before a command' --verison
err_has 'tokclass: command line: unknown option --verison before the command; the nearest is --version'
wrong 'the nearest option' tag m --agregation simple
err_has '--aggregation'
wrong 'the nearest option, encode' encode m --normalise
err_has '--normalize'
wrong 'one dash' tag m -q
wrong 'missing value' tag m --format
err_has '--format'
wrong 'a flag has no value' tag m --quiet=1
wrong 'bad choice' tag m --format xml
err_has 'jsonl'
wrong 'bad choice with =' tag m --format=xml
wrong 'bad integer' tag m --threads two
wrong 'integer with tail' tag m --threads 2x
wrong 'empty integer' tag m --threads=
wrong 'no threads' tag m --threads 0
wrong 'huge integer' tag m --threads 99999999999999999999
wrong 'negative stride' tag m --stride -1
wrong 'bad number' tag m --min-score high
wrong 'number out of range' tag m --min-score 1.5
wrong 'not a number' tag m --min-score nan
wrong 'two models' info a b
wrong 'export without a folder' export m
err_has 'the folder'
wrong 'export to standard output' export m -
wrong 'export to two folders' export m a b
wrong 'quantize without an output' quantize m --dtype s8
wrong 'quantize without a type' quantize m q.tcm
err_has '--dtype'
wrong 'quantize to f32' quantize m q.tcm --dtype f32
err_has 's8|s16|bf16|f16'
for option in '--max-loss 1' '--column 2' '--map A=B' '--format json'; do
    # shellcheck disable=SC2086
    wrong "quantize $option without data" quantize m q.tcm --dtype s8 $option
    err_has '--eval'
done
wrong 'a loss below zero' quantize m q.tcm --dtype s8 --eval d --max-loss -1
wrong 'a map without =' quantize m q.tcm --dtype s8 --eval d --map A=B,C
err_has 'C is not FROM=TO'
wrong 'report and model to standard output' quantize m - --dtype s8 --eval d
wrong 'model and data from standard input' quantize - q.tcm --dtype s8 --eval -
wrong 'stride with none' tag m --stride 4 --aggregation none
wrong 'stride with truncate' tag m --stride 4 --long truncate
wrong 'conll needs words' tag m --format conll
wrong 'conll needs words, document' tag m --format conll --input document
wrong 'text with conll' tag m --input conll --text x
wrong 'encode without output' encode m
err_has '--output'
wrong 'npy for logits' encode m --output logits --format npy
wrong 'normalize for hidden' encode m --output hidden --normalize
wrong 'layer for logits' encode m --output logits --layer 1
wrong 'stride without max-length' tokenize m --stride 2
wrong 'truncation without max-length' tokenize m --truncation only_first
wrong 'stride not below max-length' tokenize m --stride 8 --max-length 8
wrong 'pair with words' tokenize m --pair --input words
wrong 'skip-special without decode' tokenize m --skip-special
wrong 'unknown isa' tag m --isa pentium
err_has '--isa pentium is no known instruction set; available here: '
err_has 'scalar'
wrong 'isa that no machine has yet' tag m --isa avx512-bf16
err_has '--isa avx512-bf16 is not available; available here: '
case $(uname -m) in x86_64 | amd64) other=neon ;; *) other=avx2 ;; esac
wrong 'isa of another machine' tag m --isa $other
err_has 'available'
broken 'missing model' tag no-such-model.tcm
err_has 'no-such-model.tcm'
broken 'missing model, info' info no-such-model.tcm
broken 'folder as model' tag .
printf 'this is no model, but a text that is long enough to hold a header, one would think' >bad.tcm
broken 'text as model' tag bad.tcm
err_has 'bad.tcm'
broken 'export of a text' export bad.tcm hf
err_has 'bad.tcm'
broken 'export of nothing' export no-such-model.tcm hf
[ -e hf ] && fail "$name" 'the folder was made' || pass
: >empty.tcm
broken 'empty model' info empty.tcm
err_has 'empty.tcm'

if [ ! -f "$model" ]; then
    skipped=$((skipped + 1))
    echo "skipped: the rest needs $model"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
    exit
fi
broken 'missing file' tag "$model" no-such-file
err_has 'no-such-file'
broken 'folder as file' tag "$model" .
head -c 5000 "$model" >cut.tcm
broken 'cut model' info cut.tcm
err_has 'cut.tcm'

# ------------------------------------------------------------------------------------ tag
sylvain='My name is Sylvain and I work at Hugging Face in Brooklyn.'
input "$sylvain\n"
run 'tag standard input' 0 tag "$model"
out_lines 1
err_empty
out_has '[{"entity_group": "PER", "score": 0.9'
out_has '"word": "sylvain", "start": 11, "end": 18}, {"entity_group": "ORG"'
out_has '"word": "brooklyn", "start": 49, "end": 57}]'
cp out sylvain.jsonl
cp in sylvain.txt
run 'tag a file' 0 tag "$model" sylvain.txt
cmp -s out sylvain.jsonl && pass || fail "$name" 'differs from standard input'
run 'tag -' 0 tag "$model" -
cmp -s out sylvain.jsonl && pass || fail "$name" 'differs from standard input'
run 'options anywhere' 0 --help
wrong 'a value of --help' tag "$model" --help=1
err_has '--help takes no value'
run 'options anywhere' 0 tag --quiet "$model" --format=jsonl sylvain.txt --threads 2
cmp -s out sylvain.jsonl && pass || fail "$name" 'two threads differ from one'
run 'two dashes end the options' 0 tag --quiet -- "$model" sylvain.txt
cmp -s out sylvain.jsonl && pass || fail "$name" 'differs'
run 'text' 0 tag "$model" --text "$sylvain" --text=""
out_lines 2
tail -n 1 out >last
[ "$(cat last)" = '[]' ] && pass || fail "$name" 'an empty text is not []'
run 'scalar' 0 tag "$model" --isa scalar sylvain.txt
# level base has no fused multiply-add and differs by rounding
if "$program" info "$model" --json | grep -q '"isa": "base"'; then
    skipped=$((skipped + 1))
    echo 'skipped: the best instruction set here is base'
else
    cmp -s out sylvain.jsonl && pass || fail "$name" 'differs from the best instruction set'
fi
run 'compute fast' 0 tag "$model" --compute fast sylvain.txt
out_lines 1
run 'two files' 0 tag "$model" sylvain.txt sylvain.txt
out_lines 2

input 'Marie Curie left Warsaw.\r\n\n \nIn Paris.'
run 'lines' 0 tag "$model"
out_lines 4
sed -n 2p out >line
[ "$(cat line)" = '[]' ] && pass || fail "$name" 'an empty line is not []'
input ''
run 'empty input' 0 tag "$model"
out_empty
run 'empty input as json' 0 tag "$model" --format json
out_is '[]\n'
run 'empty input as html' 0 tag "$model" --format html
out_has '</html>'
input 'Marie Curie\000 left \377\376Warsaw\303.\n\000\n'
run 'hostile bytes' 0 tag "$model"
out_lines 2
out_has 'warsaw'
run 'hostile bytes, html' 0 tag "$model" --format html
out_has '</html>'
run 'hostile bytes, ansi' 0 tag "$model" --format ansi
input 'Fine.\nNot \377 fine.\n'
broken 'strict UTF-8' tag "$model" --strict-utf8
err_has 'standard input:2'
out_lines 1

# offsets
input 'Zo\303\253 \360\237\230\255 lives in Lyon.\n'
run 'code points' 0 tag "$model"
out_has '"start": 15, "end": 19}'
run 'bytes' 0 tag "$model" --offsets bytes
out_has '"start": 19, "end": 23}'
run 'utf16' 0 tag "$model" --offsets=utf16
out_has '"start": 16, "end": 20}'
wrong 'bad unit' tag "$model" --offsets chars

# strategies and filters
cp sylvain.txt in
run 'none' 0 tag "$model" --aggregation none
out_has '[{"entity": "B-PER", "score": 0.9'
out_has '"index": 4, "word": "sy", "start": 11, "end": 13}'
for strategy in simple first average max; do
    run "aggregation $strategy" 0 tag "$model" --aggregation $strategy
    out_has '{"entity_group": "LOC", "score": 0.9'
done
run 'min-score' 0 tag "$model" --min-score 0.9999
out_is '[]\n'
run 'ignore labels' 0 tag "$model" --ignore-labels O,PER,ORG
out_lacks PER
out_has LOC
run 'ignore nothing' 0 tag "$model" --ignore-labels ''
out_has '"entity_group": "O"'
run 'constrain' 0 tag "$model" --constrain bio --batch-tokens 1
out_has '"word": "sylvain", "start": 11, "end": 18}'

# formats
run 'json' 0 tag "$model" --format json sylvain.txt sylvain.txt
head -c 2 out >line
[ "$(cat line)" = '[[' ] && pass || fail "$name" 'does not begin with [['
tail -c 3 out >line
[ "$(cat line)" = ']]' ] && pass || fail "$name" 'does not end with ]]'
printf 'Marie\tCurie left\tParis.\nHello.\nParis.\n' >in
run 'tsv' 0 tag "$model" --format tsv
out_has "3${tab}0${tab}5${tab}LOC${tab}0."
out_has "${tab}Paris"
awk -F '\t' 'NF != 6 { bad = 1 } END { exit bad }' out && pass || fail "$name" 'not six columns'
printf '%s\n' "Sarah <b>& \"co\"</b> 'x' lives in Lyon." >in
run 'html' 0 tag "$model" --format html
out_has '<!DOCTYPE html>'
out_has '<title>'
out_has '&lt;b&gt;&amp; &quot;co&quot;&lt;/b&gt;'
out_lacks '<b>&'
out_has 'prefers-color-scheme'
out_has '<mark class='
out_lacks 'http'
run 'ansi' 0 tag "$model" --format ansi
out_has "$(printf '\033[')"
out_has LOC
name='ansi without colours'
NO_COLOR=1 "$program" tag "$model" --format ansi --text 'Amina lives in Lyon.' >out 2>err
out_is '[Amina PER] lives in [Lyon LOC].\n'
printf 'Lyon \033[2J is fine.\n' >in
run 'ansi keeps control sequences out' 0 tag "$model" --format ansi
out_lacks "$(printf '\033[2J')"

# words
printf -- '-DOCSTART- -X- O\n\nSarah NNP O\nlives\tVBZ\n# O\n\n\nParis\r\n' >in
run 'conll' 0 tag "$model" --input conll --format conll
out_lines 5
out_has "Sarah${tab}B-PER"
out_has "#${tab}O"
sed -n 4p out >line
[ "$(cat line)" = '' ] && pass || fail "$name" 'no empty line between the sentences'
sed -n 5p out >line
[ "$(cat line)" = "Paris${tab}B-LOC" ] && pass || fail "$name" 'the last word differs'
run 'conll as jsonl' 0 tag "$model" --input conll
out_lines 2
out_has '"word": "sarah", "start": 0, "end": 5}'
run 'conll, average' 0 tag "$model" --input conll --format conll --aggregation average
out_has "Sarah${tab}B-PER"

# JSON lines
cat >in <<'END'
"In Paris."
["In", "Paris", "."]
{"id": 7, "text": "In Paris."}

{"words": ["In", "Paris", "."]}
{"tokens": ["In", "Paris", "."], "tags": [0, 1, 0]}
[]
"\u0049n \"Paris\"."
END
run 'jsonl' 0 tag "$model" --input jsonl
out_lines 7
n=$(grep -c '"start": 3, "end": 8}\]' out)
[ "$n" = 5 ] && pass || fail "$name" "Paris is found $n times, not 5"
out_has '"start": 4, "end": 9}'
for line in '{"id": 3}' '[1]' '12' '"open' '{"text": 1}' '{"words": "a"}' '["a"] x' 'Paris'; do
    printf '"Fine."\n%s\n' "$line" >in
    broken "bad line $line" tag "$model" --input jsonl
    err_has 'standard input:2'
    out_lines 1
done
printf '"Fine."\n["In", "Paris"]\n' >in
broken 'a text where words are needed' tag "$model" --input jsonl --format conll
err_has 'standard input:1'

# documents
printf 'Marie Curie\nleft Warsaw.\n' >in
cp in doc.txt
run 'document' 0 tag "$model" --input document
out_lines 1
out_has warsaw
run 'documents' 0 tag "$model" --input document doc.txt doc.txt
out_lines 2

# long texts
i=0
while [ $i -lt 120 ]; do
    printf 'Sarah lives in Lyon. '
    i=$((i + 1))
done >in
run 'windows' 0 tag "$model"
err_empty
out_has '"start": 2514, "end": 2518}]'
cp out windows
run 'windows with a stride' 0 tag "$model" --stride 128
out_has '"start": 2514, "end": 2518}]'
run 'windows, none' 0 tag "$model" --aggregation none
out_has '"end": 2518}]'
n=$(grep -o '"entity": "B-LOC"' out | wc -l)
[ "$((n))" = 120 ] && pass || fail "$name" "$n tokens, not 120"
run 'truncate' 0 tag "$model" --long truncate
out_lacks '"start": 2514'
one_line
err_has 'standard input:1'
run 'truncate quietly' 0 tag "$model" --long truncate --quiet
err_empty
broken 'long is an error' tag "$model" --long error
err_has 'standard input:1'
printf 'Fine.\n' >short
cat short in >both
broken 'long is an error, second line' tag "$model" --long error both
err_has 'both:2'
out_lines 1
wrong 'stride too large' tag "$model" --stride 600
wrong 'stride as large as the window' tag "$model" --stride 510
run 'largest stride' 0 tag "$model" --stride 509 --text Lyon

# ------------------------------------------------------------------------------- tokenize
input 'Hello Sylvain\n'
run 'tokenize' 0 tokenize "$model"
out_lines 1
out_has '{"ids": ['
out_has '], "tokens": ["[CLS]", "hello", "sy", "##l", "##va", "##in", "[SEP]"], "offsets": [[0, 0], [0, 5], [6, 8], '
out_has '"word_ids": [null, 0, 1, 1, 1, 1, null], "type_ids": [0, 0, 0, 0, 0, 0, 0], "special_tokens_mask": [1, 0, 0, 0, 0, 0, 1]}'
out_lacks overflowing
sed 's/^{"ids": \(\[[^]]*\]\).*/\1/' out >ids
run 'no special tokens' 0 tokenize "$model" --no-special
out_lacks CLS
run 'max-length' 0 tokenize "$model" --max-length 4 --stride 1
out_has '"tokens": ["[CLS]", "hello", "sy", "[SEP]"]'
out_has ', "overflowing": [{"ids": ['
out_has '["[CLS]", "sy", "##l", "[SEP]"]'
run 'max-length without overflow' 0 tokenize "$model" --max-length 100
out_has '"overflowing": []}'
run 'words' 0 tokenize "$model" --input words
out_has '"offsets": [[0, 0], [0, 5], [0, 2], '
input 'one two\tthree\n'
run 'pair' 0 tokenize "$model" --pair
out_has '"type_ids": [0, 0, 0, 0, 1, 1]'
input 'one two\n'
broken 'pair without a tab' tokenize "$model" --pair
err_has 'standard input:1'
input 'a\n\nb'
run 'lines, tokenize' 0 tokenize "$model"
out_lines 3
cp ids in
run 'decode an array' 0 tokenize "$model" --decode
out_is '[CLS] hello sylvain [SEP]\n'
tr -d '[],' <ids >in
run 'decode' 0 tokenize "$model" --decode --skip-special
out_is 'hello sylvain\n'
input '\n[]\n'
run 'decode nothing' 0 tokenize "$model" --decode
out_is '\n\n'
for line in 'x' '1 x' '1,2' '[1 2' '[1,]' '[1' '[1] 2' '99999999999' '1.5' '-'; do
    printf '5\n%s\n' "$line" >in
    broken "decode $line" tokenize "$model" --decode
    err_has 'standard input:2'
done

# --------------------------------------------------------------------------------- encode
input 'Hello\n\n'
for kind in logits hidden probabilities; do
    run "encode $kind" 0 encode "$model" --output $kind
    out_lines 2
    out_has '{"tokens": ["[CLS]", "hello", "[SEP]"], "'$kind'": [['
done
run 'layer 0' 0 encode "$model" --output hidden --layer 0
out_lines 2
run 'encode mean' 0 encode "$model" --output mean
out_lines 2
out_has '{"vector": ['
cp out mean
run 'encode mean, the last layer' 0 encode "$model" --output mean --layer 6
cmp -s out mean && pass || fail "$name" 'differs from the default'
run 'encode cls' 0 encode "$model" --output cls --normalize
awk '{ gsub(/[^-0-9.e, ]/, ""); gsub(/,/, " "); s = 0; for (i = 1; i <= NF; i++) s += $i * $i
    if ($0 !~ /[0-9]/ || s < 0.999 || s > 1.001) bad = 1 } END { exit bad }' out && pass ||
    fail "$name" 'the vectors are not of length 1'
wrong 'layer too large' encode "$model" --output hidden --layer 7
run 'npy' 0 encode "$model" --output mean --format npy
n=$(($(wc -c <out)))
[ "$n" = $((128 + 2 * 384 * 4)) ] && pass || fail "$name" "$n bytes"
out_has "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 384), }"
"$program" encode "$model" --output mean --format npy <in 2>err | cat >out2
cmp -s out out2 && pass || fail 'npy into a pipe' 'differs'
i=0
while [ $i -lt 600 ]; do
    printf 'word '
    i=$((i + 1))
done >in
broken 'encode a long text' encode "$model" --output logits
err_has 'standard input:1'

# ----------------------------------------------------------------------------------- info
input ''
run 'info' 0 info "$model"
out_has token-classification
err_empty
run 'info --json' 0 info "$model" --json
for key in '"model_type": "bert"' '"num_hidden_layers": 6' '"hidden_size": 384' \
    '"vocab_size": 8500' '"max_length": 512' '"5": "B-LOC"' '"task": "token-classification"' \
    '"isa_available": [' '"isa": "' '"layer_norm_eps": 1e-12' '"hidden_act": "gelu"'; do
    out_has "$key"
done
run 'verify' 0 info "$model" --verify
size=$(($(wc -c <"$model")))
head -c $((size * 3 / 4)) "$model" >flipped.tcm
printf '\252\125\252\125\252\125\252\125' >>flipped.tcm
tail -c +$((size * 3 / 4 + 9)) "$model" >>flipped.tcm
broken 'verify a changed file' info flipped.tcm --verify
err_has 'flipped.tcm'
cp flipped.tcm in
broken 'verify a changed file from standard input' info - --verify
err_has 'standard input: tensor'
cp "$model" in
run 'model from standard input' 0 info -
out_has token-classification

# --------------------------------------------------------------------------------- export
files='config.json model.safetensors special_tokens_map.json tokenizer.json tokenizer_config.json vocab.txt'
holds() { # FOLDER FILES: these and no others
    list=$(ls -A "$1" 2>/dev/null | tr '\n' ' ')
    [ "$list" = "$2 " ] && pass || fail "$name" "in $1: $list"
}
same_files() { # FOLDER FOLDER
    for file in $files; do
        cmp -s "$1/$file" "$2/$file" && pass || fail "$name" "$file differs"
    done
}
input ''
run 'export' 0 export "$model" hf
out_empty
err_empty
holds hf "$files"
grep -q '"architectures": \[' hf/config.json && pass || fail "$name" 'no architecture'
grep -q '"layer_norm_eps": 1e-12,' hf/config.json && pass || fail "$name" 'no layer_norm_eps'
n=$(($(wc -l <hf/vocab.txt)))
[ "$n" = 8500 ] && pass || fail "$name" "$n lines in vocab.txt"
run 'convert what was exported' 0 convert hf back.tcm
err_empty
run 'tag with it' 0 tag back.tcm sylvain.txt
sed 's/"score": [0-9.]*//g' out >line
sed 's/"score": [0-9.]*//g' sylvain.jsonl | cmp -s - line && pass ||
    fail "$name" 'differs from the model'
run 'export it again' 0 export back.tcm hf2/
same_files hf hf2
run 'export s8' 0 convert hf s8.tcm --dtype s8
run 'export s8' 0 export s8.tcm hf8
run 'export s8' 0 tag s8.tcm sylvain.txt
cp out s8.jsonl
run 'export s8' 0 convert hf8 f32.tcm
run 'export s8' 0 info f32.tcm
out_has 'f32'
run 'tag with s8 as f32' 0 tag f32.tcm sylvain.txt
sed 's/"score": [0-9.]*//g' out >line
sed 's/"score": [0-9.]*//g' s8.jsonl | cmp -s - line && pass || fail "$name" 'differs from s8'
cp -r hf poisoned
head -c "$(($(wc -c <hf/model.safetensors) - 4))" hf/model.safetensors >poisoned/model.safetensors
printf '\000\000\300\177' >>poisoned/model.safetensors
run 'a number that is none' 0 convert poisoned poisoned.tcm
one_line
err_has 'poisoned: tensors with numbers that are not finite: 1, the first is '
broken 'a number that is none, quantised' quantize poisoned.tcm p8.tcm --dtype s8
cp -r hf wider
sed 's/"added_tokens": *\[/&{"id": 99999, "content": "zzz", "special": false, "normalized": false, "lstrip": false, "rstrip": false, "single_word": false},/' \
    hf/tokenizer.json >wider/tokenizer.json
run 'a token that the model has no embedding for' 0 convert wider wider.tcm
err_has 'the tokenizer has ids up to'
printf 'Ada\nIn zzz\n' >in
broken 'a token that the model has no embedding for' encode wider.tcm --output mean
err_has 'standard input:2: token 2 has the id'
out_lines 1
mkdir lines
printf '[PAD]\n[UNK]\r\n[CLS]\r[SEP]\n[MASK]\nada\rin\n' >lines/vocab.txt
run 'lines that end as Python takes them' 0 convert lines lines.tcm
run 'lines that end as Python takes them' 0 tokenize lines.tcm --text 'Ada in'
out_has '"ids": [2, 5, 6, 3]'
printf '{"tokenizer_class": "TapasTokenizer"}' >lines/tokenizer_config.json
broken 'a class that vocab.txt does not make' convert lines lines.tcm
cp hf/tokenizer.json lines
run 'a class that is not known' 0 convert lines lines.tcm
one_line
err_has 'lines: the tokenizer_class TapasTokenizer is not known here'
mkdir shards
cp hf/config.json hf/vocab.txt shards
echo '{"weight_map": {"classifier.weight": "model-00001-of-00002.safetensors"}}' \
    >shards/model.safetensors.index.json
mkdir alone
cp hf/vocab.txt alone
run 'a folder without weights' 0 convert alone alone.tcm
run 'a folder without weights' 0 tokenize alone.tcm --text Ada
rm -r alone alone.tcm
broken 'numbers that are none, encode' encode poisoned.tcm --text Ada --output logits
err_has 'poisoned.tcm: the model is damaged: '
broken 'numbers that are none, tag' tag poisoned.tcm --text Ada --text Eve --quiet
err_has 'tokclass: --text:1: the model is damaged: '
printf 'Ada \302\23331mRED-\346\235\261\n' >in
broken 'a label that a terminal must not get' score in in --mode strict --scheme IOB2
err_has '?31mRED-東'
printf 'Ada O\n' >in
broken 'numbers that are none, eval' eval poisoned.tcm in
err_has 'poisoned.tcm: the model is damaged: '
broken 'a shard that is not there' convert shards shards.tcm
err_has 'tokclass: shards/model-00001-of-00002.safetensors: cannot be opened: '
sed 's/"initializer_range": [0-9.]*/"initializer_range": 1.5/' hf/config.json >shards/config.json
cp hf/model.safetensors shards
run 'a wide initializer_range' 0 convert shards shards.tcm
cp -r hf cased
rm cased/tokenizer_config.json
run 'lower case by tokenizer.json alone' 0 convert cased cased.tcm
err_empty
sed 's/"lowercase": true/"lowercase": false/' hf/tokenizer.json >cased/tokenizer.json
run 'case kept by tokenizer.json alone' 0 convert cased cased.tcm
one_line
err_has 'cased: tokenizer.json keeps case; without tokenizer_config.json transformers would not'
sed 's/"strip_accents": null/"strip_accents": false/' hf/tokenizer.json >cased/tokenizer.json
run 'accents kept by tokenizer.json alone' 0 convert cased cased.tcm
err_has 'cased: tokenizer.json keeps accents; without'
sed 's/"handle_chinese_chars": true/"handle_chinese_chars": false/' hf/tokenizer.json \
    >cased/tokenizer.json
run 'Chinese words kept by tokenizer.json alone' 0 convert cased cased.tcm
err_has 'cased: tokenizer.json keeps Chinese words; without'
echo kept >hf2/README
echo old >hf2/config.json
run 'export over a folder' 0 export "$model" hf2
same_files hf hf2
holds hf2 "README $files"
run 'tokenizer alone' 0 convert hf tokenizer.tcm --task tokenizer
run 'export of a tokenizer' 0 export tokenizer.tcm hf3
holds hf3 'special_tokens_map.json tokenizer.json tokenizer_config.json vocab.txt'
cmp -s hf/tokenizer.json hf3/tokenizer.json && pass || fail "$name" 'tokenizer.json differs'
broken 'export to a file' export "$model" sylvain.txt
err_has 'sylvain.txt: is no folder'
broken 'export below a folder that is not there' export "$model" no/such
err_has 'no/such: cannot be created'
broken 'export of a changed file' export flipped.tcm hf4
err_has 'flipped.tcm'
mkdir -p blocked/config.json
broken 'a folder in the way' export "$model" blocked
err_has 'blocked/config.json: is a folder'
holds blocked config.json
mkdir sealed
chmod 500 sealed
if (: >sealed/x) 2>/dev/null; then
    rm -f sealed/x
    skipped=$((skipped + 1))
    echo 'skipped: this user may write into any folder'
else
    broken 'export into a folder that cannot be written' export "$model" sealed
    err_has 'sealed/'
fi
chmod 700 sealed
# a full disk, as a limit of files' sizes: what was there stays
(
    trap '' XFSZ
    ulimit -f 2000
    "$program" export "$model" hf2 >out 2>err
    echo $? >status
    "$program" export "$model" hf5 >>out 2>>err
)
name='export to a full disk'
[ "$(cat status)" = 1 ] && pass || fail "$name" "exit status $(cat status)"
err_has 'hf2/model.safetensors: cannot be written'
err_has 'hf5/model.safetensors: cannot be written'
[ "$(($(wc -l <err)))" = 2 ] && pass || fail "$name" 'not one line each'
same_files hf hf2
holds hf2 "README $files"
[ -e hf5 ] && fail "$name" 'the folder is still there' || pass

# ---------------------------------------------------------------------------------- score
printf 'a O O\nb O O\nc O B-MISC\nd B-MISC I-MISC\ne I-MISC I-MISC\nf I-MISC I-MISC\ng O O\n' >both
printf '\nh B-PER B-PER\ni I-PER I-PER\nj O O\n' >>both
cut -d ' ' -f 1,2 both >gold
cut -d ' ' -f 1,3 both >pred
cut -d ' ' -f 3 both >tags
input ''
run 'score one file' 0 score both --digits 2
out_is '              precision    recall  f1-score   support\n\n        MISC       0.00      0.00      0.00         1\n         PER       1.00      1.00      1.00         1\n\n   micro avg       0.50      0.50      0.50         2\n   macro avg       0.50      0.50      0.50         2\nweighted avg       0.50      0.50      0.50         2\naccuracy 0.80\n'
err_empty
cp out report
run 'score two files' 0 score --digits=2 gold pred
cmp -s out report && pass || fail "$name" 'differs from one file'
run 'score labels alone' 0 score gold tags --digits 2
cmp -s out report && pass || fail "$name" 'differs from one file'
err_empty
cp pred in
run 'score standard input' 0 score gold - --digits 2
cmp -s out report && pass || fail "$name" 'differs from a file'
run 'score, a column of two files' 0 score both both --column 2 --digits 0
out_has 'micro avg          1         1         1         2'
out_has 'accuracy 1'
run 'score, default digits' 0 score both
out_has '   micro avg     0.5000    0.5000    0.5000         2'
out_has 'accuracy 0.8000'
run 'score as json' 0 score both --format json
out_is '{"MISC": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "number": 1}, "PER": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "number": 1}, "overall_precision": 0.5, "overall_recall": 0.5, "overall_f1": 0.5, "overall_accuracy": 0.8, "support": 2, "confusion": {"type_wrong": 0, "boundary_wrong": 1, "both_wrong": 0, "missed": 0, "spurious": 0, "pairs": [{"gold": "MISC", "predicted": "MISC", "exact": 0, "overlap": 1}, {"gold": "PER", "predicted": "PER", "exact": 1, "overlap": 0}]}}\n'
run 'score strict' 0 score both --mode strict --digits 2
cmp -s out report && pass || fail "$name" 'differs from default mode'
run 'score strict with a scheme' 0 score both --mode strict --scheme IOB1 --digits 2
out_has 'accuracy 0.80'
broken 'score strict, another scheme' score both --mode strict --scheme IOE2
err_has 'both:4: the label B-MISC does not belong to the scheme IOE2'
printf 'a B-X\n\nb O\nc B-X\n' >g2
printf 'a B-X\n\nb O\nc U-X\n' >p2
broken 'score strict, a prediction of no scheme' score g2 p2 --mode strict
err_has 'p2:4: the label U-X does not belong to the scheme IOB2'
out_empty
printf 'a O\n' >none
broken 'score strict, no scheme detected' score none none --mode strict
err_has 'none: the tags are of no scheme'
wrong 'score, an unknown scheme' score both --mode strict --scheme IOB3
err_has 'BILOU'
wrong 'score, an unknown mode' score both --mode loose
wrong 'score, too many digits' score both --digits 51
wrong 'score, a column of one file' score both --column 2
wrong 'score, standard input twice' score - -
wrong 'score, three files' score a b c
run 'score, a scheme without strict' 0 score both --scheme IOB2
one_line
run 'score, a scheme without strict, quietly' 0 score both --scheme IOB2 --quiet
err_empty
printf 'a PER-B\nb PER-I\n' >inv
run 'score suffixes' 0 score inv inv --suffix
out_has '         PER     1.0000    1.0000    1.0000         1'
printf 'a DET\nb NOUN\n\nc \303\251\n' >pos
run 'score parts of speech' 0 score pos pos
out_has '         DET     1.0000    1.0000    1.0000         1'
printf '           \303\251     1.0000' >want
out_has "$(cat want)"
run 'score parts of speech as spans' 0 score pos pos --mode default
out_has '         OUN     1.0000'
run 'score with confusions' 0 score both --confusion
out_has '  same type, other words              1'
err_empty
run 'score confusions of tags' 0 score pos pos --confusion
one_line
printf '{"tokens":["a"],"ner_tags":["B-X"]}\n' >j1
printf 'a\tB-X\n' >c1
run 'score JSON against columns' 0 score j1 c1
out_has 'accuracy 1.0000'
broken 'score one JSON file' score j1
printf 'b\tB-X\n' >c1
run 'score other words' 0 score j1 c1
one_line
err_has 'c1:1'
printf 'a O\nb O\n\nc O\n' >g2
printf 'a O\n\nb O\n\nc O\n' >p2
broken 'score, a sentence of another length' score g2 p2
err_has 'p2:1: '
err_has 'g2:1 '
head -n 2 g2 >p2
broken 'score, a sentence too few' score g2 p2
err_has 'g2:4: '
err_has 'p2:2 '
broken 'score, a sentence too many' score p2 g2
err_has 'g2:4: '
printf 'a O\nb\n' >bad
broken 'score, a malformed line' score g2 bad
err_has 'bad:2: '
broken 'score, no file' score g2 no-such-file
err_has no-such-file
broken 'score, too few columns' score tags

# ----------------------------------------------------------------------------------- data
printf 'a N B-X\nb N I-X\nc N O\n\na N B-X\nb N I-X\nc N O\n\nd N I-Y\n' >train
printf 'a N B-X\nb N I-X\nc N O\n\nnew N B-Z\n' >dev
run 'data --help' 0 data --help
out_has 'usage: tokclass data [FILE]'
run 'data' 0 data train
out_has '  format                3 columns between spaces: words in 1, labels in 3'
out_has '  sentences             3'
out_has '  words                 7'
out_has '  longest sentence      3 words, line 1'
out_has '  repeated sentences    1 (33.3 %)'
out_has '  scheme                IOB2'
out_has '    line 9: I-Y begins the sentence'
out_has '  X                              2  66.7 %'
out_has '  B-X                            2  28.6 %'
err_empty
cp out human
cp train in
run 'data from standard input' 0 data
sed 's/^standard input$/train/' out >again
cmp -s again human && pass || fail "$name" 'differs from a file'
run 'data with dev and model' 0 data train --dev dev --model "$model"
out_has '  sentences of both     1 (50.0 %)'
out_has '  words not there       1 (25.0 %)'
out_has '  labels not there      B-Z'
out_has '  tokens                7'
out_has '  over 512 tokens       0 (0.0 %)'
run 'data as json' 0 data train --dev dev --format json --model "$model"
out_lines 1
for key in '"format": "columns", "separator": "space", "columns": 3, "word_column": 1, "label_column": 3' \
    '"labels": {"B-X": 2, "I-X": 2, "I-Y": 1, "O": 2}' '"scheme": "IOB2"' \
    '"entities": {"X": 2, "Y": 1}' '"invalid": 1' \
    '"invalid_first": [{"line": 9, "before": null, "label": "I-Y"}]' \
    '"repeated_sentences": 1' '"max_length": 512' '"sentences_in_file": 1' \
    '"words_not_in_file": 1' '"labels_not_in_file": ["B-Z"]'; do
    out_has "$key"
done
printf 'a\tI-X\nb\tI-X\n\nc\tI-X\nd\tB-X\ne\tB-Y\n' >iob1
run 'data of IOB1' 0 data iob1
out_has '  scheme                IOB1'
out_has '    line 6: B-Y after B-X'
printf 'a B-X\nb O\nc S-X\nd E-X\ne B-X\n\nf I-X\n' >iobes
run 'data of IOBES' 0 data iobes
out_has '  scheme                IOBES'
out_has '  invalid labels        5'
out_has '    line 2: O after B-X'
out_has '    line 4: E-X after S-X'
out_has '    line 5: the sentence ends after B-X'
out_has '    line 7: I-X begins the sentence'
printf 'a B-X\nb M-X\nc E-X\nd S-X\ne M-X\nf Q-X\n' >bmes
run 'data of BMES' 0 data bmes
out_has '  scheme                BMES'
out_has '    line 6: Q-X is no label of BMES'
printf 'a B-X\nb L-X\nc U-X\nd L-X\n' >bilou
run 'data of BILOU' 0 data bilou
out_has '  scheme                BILOU'
out_has '    line 4: L-X after U-X'
printf 'a I-X\nb E-X\nc O\nd E-X\ne O\nf I-X\ng O\n' >ioe
run 'data of IOE2' 0 data ioe
out_has '  scheme                IOE2'
out_has '    line 7: O after I-X'
run 'data of parts of speech' 0 data train --column 2
out_lacks scheme
out_has '  N                              7 100.0 %'
printf '{"tokens":["a"],"ner_tags":["O"]}\n' >j1
run 'data of JSON lines' 0 data j1
out_has '  format                JSON, an object a line'
: >nothing
run 'data of nothing' 0 data nothing
out_has '  sentences             0'
run 'data of nothing as json' 0 data nothing --format json
out_lines 1
broken 'data, a malformed line' data bad
err_has 'bad:2: '
broken 'data, no file' data no-such-file
broken 'data, a model that is none' data train --model bad.tcm
wrong 'data, standard input twice' data - --dev -
wrong 'data, two files' data train dev
input ''
# ------------------------------------------------------------------------------- quantize
input ''
run 'names' 0 tag f32.tcm sylvain.txt
sed 's/"score": [0-9.]*//g' out >names
for dtype in s8 s16 bf16 f16; do
    run "quantize $dtype" 0 quantize f32.tcm "q-$dtype.tcm" --dtype $dtype
    out_empty
    err_empty
    run "quantize $dtype" 0 info "q-$dtype.tcm" --verify
    out_has "dtype               $dtype"
    out_has 'tokclass quantize'
    run "quantize $dtype" 0 tag "q-$dtype.tcm" sylvain.txt
    sed 's/"score": [0-9.]*//g' out | cmp -s - names && pass || fail "$name" 'the names differ'
done
run 'convert to s8' 0 convert hf8 c8.tcm --dtype s8
run 'its numbers' 0 encode c8.tcm --output logits sylvain.txt
cp out logits
run 'quantize and convert agree' 0 encode q-s8.tcm --output logits sylvain.txt
cmp -s out logits && pass || fail "$name" 'the numbers differ'
run 'quantize to standard output' 0 quantize f32.tcm - --dtype s8
cmp -s out q-s8.tcm && pass || fail "$name" 'the file differs'
cp f32.tcm in
run 'quantize from standard input' 0 quantize - q.tcm --dtype=s8
cmp -s q.tcm q-s8.tcm && pass || fail "$name" 'the file differs'
rm -f q.tcm
input ''
broken 'quantize a tokenizer' quantize tokenizer.tcm q.tcm --dtype s8
err_has 'tokenizer.tcm: the file holds a tokenizer and no model'
broken 'quantize a changed file' quantize flipped.tcm q.tcm --dtype s8
err_has 'flipped.tcm'
broken 'quantize a missing file' quantize no-such-model.tcm q.tcm --dtype s8
broken 'quantize to a folder that is not there' quantize "$model" no/such.tcm --dtype s16
err_has 'no/such.tcm'

# a new model whose labels are close calls, and data that says they are right: f16 keeps them
# all, s8 does not
vocab=$here/tests/data/wordpiece/vocab-uncased.txt
cat >config.json <<END
{"model_type": "bert", "architectures": ["BertForTokenClassification"], "hidden_act": "gelu",
 "num_hidden_layers": 2, "hidden_size": 32, "intermediate_size": 64,
 "num_attention_heads": 2, "vocab_size": $(($(wc -l <"$vocab"))),
 "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12}
END
grep '^[a-z]*$' "$vocab" | awk '{ w[n++] = $0 } END { for (k = 1; k < 20; k++)
    for (i = 0; i < n; i++) {
        print w[(i * (2 * k + 1) + k) % n], "B-" (i + k) % 50
        if (i % 10 == 9) print ""
    } }' >labelled.conll
run 'a new model' 0 train --from-config config.json --vocab "$vocab" \
    --train labelled.conll --out new.tcm --max-steps 1 --learning-rate 0 --quiet
run 'its labels' 0 tag new.tcm --input conll --format conll labelled.conll
cp out gold.conll
run 'quantize with data' 0 quantize new.tcm q.tcm --dtype f16 --eval gold.conll
err_empty
out_lines 6
out_has 'before          after'
out_has 'F1                 1.000000       1.000000  +0.00 points'
out_has 'equal labels                      100.00 %  of '
out_has 'sentences/s'
run 'the model is there' 0 info q.tcm --verify
out_has f16
cp q.tcm kept.tcm
broken 'quantize loses too much' quantize new.tcm q.tcm --dtype s8 --eval gold.conll --max-loss 0
err_has 'q.tcm: not written: '
out_has 'F1                 1.000000       0.9'
cmp -s q.tcm kept.tcm && pass || fail "$name" 'the old file was changed'
rm -f q.tcm
cp gold.conll in
broken 'the same as JSON' quantize new.tcm q.tcm --dtype s8 --eval - --max-loss 0 --format json
out_lines 1
out_has '{"before": {"dtype": "f32", "bytes": '
out_has '"overall_f1": 1, "eval_samples_per_second": '
out_has '}, "after": {"dtype": "s8", "bytes": '
out_has '"f1_loss": 0.'
out_has '"max_loss": 0, "label_agreement": 0.9'
out_has '"words": '
out_has '"refused": true}'
ls -a | grep -q 'q\.tcm' && fail "$name" 'a file is there' || pass
run 'a loss that is allowed' 0 quantize new.tcm q.tcm --dtype s8 --eval - --max-loss 100 \
    --format json
out_has '"refused": false}'
[ -s q.tcm ] && pass || fail "$name" 'there is no file'
printf 'x NEW\nof B-\n' >in
broken 'labels that the model lacks' quantize new.tcm q2.tcm --dtype s8 --eval -
err_has 'standard input: '
err_has 'B-, NEW'
run 'labels that are mapped' 0 quantize new.tcm q2.tcm --dtype s16 --eval - --map NEW=B-1,B-=B-2
printf 'x B-1 NEW\nof B-2 NEW\n' >in
run 'column' 0 quantize new.tcm q2.tcm --dtype s16 --eval - --column 2
rm -f q2.tcm
input ''
broken 'no sentence' quantize new.tcm q2.tcm --dtype s8 --eval -
err_has 'standard input: there is no labelled sentence'
broken 'no data' quantize new.tcm q2.tcm --dtype s8 --eval no-such-file
err_has 'no-such-file'
input 'Anna O\nsaw O\n'
broken 'no entity in the data' quantize "$model" q2.tcm --dtype s16 --eval -
err_has 'no entity is labelled'
cp gold.conll in
broken 'no folder for the model' quantize new.tcm no/q2.tcm --dtype s8 --eval -
err_has 'no/q2.tcm: cannot be written'
[ -e q2.tcm ] && fail "$name" 'there is a file' || pass
name='quantize, a limit of the file size'
(ulimit -f 2 && exec "$program" quantize new.tcm q2.tcm --dtype f16 2>err) && fail "$name" 'status 0'
err_has 'q2.tcm: cannot be written'
[ "$(ls | grep -c q2.tcm)" = 0 ] && pass || fail "$name" 'a file is left'

# train: standard streams, and whose fault it is
for option in '--dev labelled.conll' '--test labelled.conll' '--report page.html'; do
    wrong "train --out - $option" train new.tcm --train labelled.conll --out - $option
done
wrong 'train --log -' train new.tcm --train labelled.conll --out n2.tcm --log -
cp labelled.conll in
run 'train from a file' 0 train new.tcm --train labelled.conll --out n2.tcm --max-steps 2 --quiet
run 'train from standard input' 0 train new.tcm --train - --out n3.tcm --max-steps 2 --quiet
cmp -s n2.tcm n3.tcm && pass || fail "$name" 'another model'
run 'options at their limits' 0 train new.tcm --train labelled.conll --out n2.tcm \
    --learning-rate 1e6 --quiet --max-steps 3 --warmup-steps 1000000000
printf 'Ada B-XYZ\n' >strange.conll
broken 'labels of --dev' train new.tcm --train labelled.conll --dev strange.conll --out n2.tcm \
    --quiet
err_has 'tokclass: strange.conll: the model lacks labels of the data: B-XYZ'
broken 'labels of --test' train new.tcm --train labelled.conll --test strange.conll --out n9.tcm \
    --quiet
err_has 'tokclass: strange.conll: the model lacks labels of the data: B-XYZ'
[ -e n9.tcm ] && fail "$name" 'there is a model' || pass
printf 'Ada\n' >bare.conll
broken 'words without labels' train new.tcm --train bare.conll --out n9.tcm --quiet
err_has 'bare.conll: the lines have one column'
broken 'words without labels, eval' eval "$model" bare.conll
broken 'words without labels, score' score bare.conll
err_has 'bare.conll: the lines have one column: gold and predicted labels'
printf '0\n\n9999999\n' >order
broken 'an order beyond the data' train new.tcm --train labelled.conll --out n9.tcm --quiet \
    --order order
err_has 'tokclass: order:3: there is no sentence 9999999'
printf '\n' >order
broken 'an empty order' train new.tcm --train labelled.conll --out n9.tcm --quiet --order order
err_has 'tokclass: order: there is no sentence number'
run 'options without effect' 0 train new.tcm --train labelled.conll --out n9.tcm --max-steps 1 \
    --patience 2
err_has 'without --dev nothing is evaluated'
rm n9.tcm
printf 'Ada U-PER\n' >bilou.conll
run 'BILOU by the rules of another' 0 score bilou.conll bilou.conll
err_has "bilou.conll: seqeval's default mode takes entities side by side for one"
run 'BILOU by its own' 0 score bilou.conll bilou.conll --mode strict
err_empty
wrong 'a path that is empty' tag
run 'a path that is empty' 1 tag ''
err_has 'tokclass: "": cannot be opened'
broken 'a name that is not ASCII' info 'mödel.tcm'
err_has 'tokclass: mödel.tcm: cannot be opened: no such file'
printf 'Ada B-東京\n' >in
broken 'a label that is not ASCII' eval "$model" in
err_has 'the model lacks labels of the data: B-東京;'
printf 'Ada B-XYZ\nEve B-XZZ\nBo B-QQQ\n' >in
broken 'labels behind --map' eval "$model" - --map B-XYZ=B-ABC,B-XZZ=B-ABC
err_has 'the model lacks labels of the data: B-QQQ, B-ABC'
mkdir -p ck2
echo junk >ck2/checkpoint.tcm
broken 'a bad checkpoint' train new.tcm --train labelled.conll --out n2.tcm --quiet \
    --checkpoint ck2 --resume
err_has 'tokclass: ck2/checkpoint.tcm: '
rm -r ck2 n2.tcm n3.tcm
"$program" train new.tcm --train labelled.conll --out n2.tcm --max-steps 1 --log n2.log 2>&-
grep -q -v '^{' n2.log && fail 'standard error is closed' 'messages in the log' || pass
rm n2.log
"$program" train new.tcm --train labelled.conll --out n2.tcm --max-steps 1000000000 --log n2.log \
    --quiet 2>err &
child=$!
tries=0
while [ ! -s n2.log ] && [ $tries -lt 600 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
kill -TERM $child
wait $child
name='very many updates'
err_has 'interrupted after update'
rm -f n2.tcm n2.log

# columns: a byte order mark, tabs, words that are blank
input '\0357\0273\0277-DOCSTART- O\n\nAda B-PER\n\nParis B-LOC\n'
run 'a byte order mark in columns' 0 tag "$model" --input conll --aggregation none
out_lines 2
cp out plain
input '-DOCSTART- O\n\nAda B-PER\n\nParis B-LOC\n'
run 'and none' 0 tag "$model" --input conll --aggregation none
cmp -s out plain && pass || fail "$name" 'they differ'
printf '"\377 Paris"\n' >in
run 'ill-formed bytes in JSON lines' 0 tokenize "$model" --input jsonl --offsets bytes
out_has '[2, 7]'
run 'ill-formed bytes in JSON lines, code points' 0 tokenize "$model" --input jsonl
out_has '[2, 7]'
printf '"a\\u00e9\377\344\270 Paris"\n' >in
run 'ill-formed bytes and escapes' 0 tokenize "$model" --input jsonl --offsets bytes
out_has '[7, 12]'
run 'ill-formed bytes and escapes, code points' 0 tokenize "$model" --input jsonl
out_has '[5, 10]'
broken 'ill-formed bytes in JSON lines, strict' tag "$model" --input jsonl --strict-utf8
input '\0357\0273\0277["Ada"]\n'
run 'a byte order mark in JSON lines' 0 tag "$model" --input jsonl
out_has '"start": 0, "end": 3'
input 'New York\tB-LOC\nis \tO\nthere\n'
run 'words end at a tab' 0 tag "$model" --input conll --format conll
out_has "New York$tab"
out_has "is$tab"
input '["Ada","", " \\t", "Paris"]\n'
run 'blank words in columns' 0 tag "$model" --input jsonl --format conll
out_lines 4
cp out in
run 'they can be read' 0 tag "$model" --input conll --format conll
cut -f 1 in >words
cut -f 1 out | cmp -s words - && pass || fail "$name" 'they differ'

# bench: shapes in order, one line or object each
run 'bench' 0 bench "$model" --shapes 1x3,2xmix --threads 1
n=$(($(wc -l <out)))
[ "$n" = 4 ] && grep -q '^1x3 ' out && grep -q '^2xmix ' out && pass || fail "$name" "$n lines"
run 'bench json' 0 bench "$model" --shapes 1x2 --json --isa base --against "$model"
grep -q '"shape": "1x2", "sequences": 1, "tokens": 2, "milliseconds": {"min": ' out && pass ||
    fail "$name" 'no shape'
grep -q '"isa": "base"' out && grep -q '"ratio": {"min": [0-9]' out && pass ||
    fail "$name" 'no ratio'
for shapes in '' 1x 0x3 x3 4xmax 1x2, 1x2,,1x3 1x2x3 99999999999x1; do
    wrong "bench of shapes \"$shapes\"" bench "$model" --shapes "$shapes"
done
wrong 'bench without a model' bench
wrong 'bench against standard input' bench "$model" --against -
broken 'bench beyond the limit' bench "$model" --shapes 1x513
broken 'bench a tokenizer' bench tokenizer.tcm

# ----------------------------------------------------------------------------------- eval
printf 'Sarah B-PER\nlives O\nin O\nLyon B-LOC\n. O\n\n' >people
printf 'Marie O\nCurie B-PER\nleft O\nWarsaw B-ORG\n. O\n\n<b>&"x O\nin O\nParis O\n' >>people
cut -d ' ' -f 1 people | "$program" tag "$model" --input conll --format conll >tagged
awk 'NF == 2 { s = s (s == "" ? "" : " ") $2; next } { print s; s = "" }
    END { if (s != "") print s }' tagged >labels
awk 'NR == FNR { if (NF == 2) p[++n] = $2; next } NF == 2 { print $0, p[++k]; next } { print }' \
    tagged people >scored
input ''
run 'score what eval is to find' 0 score scored
cp out report
cp people in
for file in people -; do
    run "eval $file" 0 eval "$model" $file --predictions predicted
    err_empty
    head -n "$(($(wc -l <report)))" out | cmp -s - report && pass || fail "$name" 'not as score'
    cmp -s labels predicted && pass || fail "$name" 'the predictions are not those of tag'
    out_lines $(($(wc -l <report) + 3))
    out_has 'accuracy '
    out_has 'eval_loss '
    out_has 'eval_runtime '
    out_has 'eval_samples_per_second '
done
cp out first
run 'score with digits' 0 score scored --digits 2 --mode strict --scheme IOB2
cp out report
run 'eval with digits' 0 eval "$model" people --digits 2 --mode strict --scheme IOB2 \
    --batch-size 1 --threads 2
head -n "$(($(wc -l <report)))" out | cmp -s - report && pass || fail "$name" 'not as score'
run 'score as json' 0 score scored --format json
tr -d '\n' <out | sed 's/}$//' >report
run 'eval as json' 0 eval "$model" people --format json
out_lines 1
out_has "$(cat report), \"eval_loss\": "
out_has ', "eval_runtime": '
out_has ', "eval_samples_per_second": '
run 'eval, what went wrong' 0 eval "$model" people --confusion --digits 3
out_has 'same words, other type'
sed 's/B-PER/B-person/; s/B-ORG/B-ORG/; s/ O$/ none/' people >foreign
broken 'eval, foreign labels' eval "$model" foreign
err_has 'foreign: '
err_has 'B-person, none'
run 'eval, mapped labels' 0 eval "$model" foreign --map B-person=B-PER,none=
sed '/^eval_[rs]/d' first | head -n 12 >report
sed '/^eval_[rs]/d' out | head -n 12 | cmp -s - report && pass || fail "$name" 'other scores'
for map in B-person B-person=B-PER, =O B-person=B-PER,B-person=O; do
    wrong "eval, bad map $map" eval "$model" foreign --map "$map"
    err_has '--map'
done
sed 's/ / X /' people >three
run 'eval, a column' 0 eval "$model" three --column 3 --quiet
run 'eval, a column from the right' 0 eval "$model" three --column -1
wrong 'eval, a column between' eval "$model" three --column 0
err_has '--column counts from 1, or from -1 at the right end'
broken 'eval, a column that is not there' eval "$model" three --column 4
printf '{"tokens": ["Sarah", "left"], "ner_tags": ["B-PER", "O"]}\n' >lines.jsonl
run 'eval, JSON lines' 0 eval "$model" lines.jsonl --quiet
printf '{"tokens": ["Sarah"], "ner_tags": ["B-PER", "O"]}\n' >>lines.jsonl
broken 'eval, a bad line' eval "$model" lines.jsonl
err_has 'lines.jsonl:2'
printf 'Sarah B-PER\n\342\200\213 O\nin O\n' >lost
run 'eval, a word without tokens' 0 eval "$model" lost --predictions predicted
err_has 'lost: 1 words'
grep -q '^B-PER O O$' predicted && pass || fail "$name" "predictions: $(cat predicted)"
broken 'eval, predictions to a folder that is not there' eval "$model" people \
    --predictions no/such
err_has 'no/such'
out_empty
broken 'eval, a label that the scheme lacks' eval "$model" people --mode strict --scheme IOE2
err_has 'people:1: '
input ''
broken 'eval, no sentence' eval "$model" -
err_has 'standard input: there is no labelled sentence'
out_empty
wrong 'eval without data' eval "$model"
wrong 'eval of three files' eval "$model" people people
wrong 'eval, twice standard input' eval - -
broken 'eval, no data' eval "$model" no-such-file
broken 'eval, a tokenizer' eval tokenizer.tcm people

# ------------------------------------------------------------------------------- the page
page() { # FILE: what every page holds
    [ "$1" = out ] || cp "$1" out
    out_has '<!DOCTYPE html>'
    out_has '<html lang="en">'
    out_has '<title>'
    out_has 'prefers-color-scheme'
    out_has '@media print'
    out_has '<table class="scores">'
    out_has '<section id="confusions">'
    out_has '</html>'
    out_lacks '//'
    out_lacks 'src='
    out_lacks '@import'
}
run 'eval as html' 0 eval "$model" people --format html --report page.html
err_empty
cmp -s out page.html && pass || fail "$name" 'differs from --report'
page out
out_has '<h1>demo.tcm <span>on people</span></h1>'
out_has '<form id="filter" hidden>'
out_has 'line 7<'
out_has '>Warsaw</span>'
out_has '<b>boundary</b>'
out_lacks '<b>&'
n=$(grep -c '^<li data-e=' page.html)
m=$(awk 'NF == 3 && $2 != $3 { bad = 1 } NF == 0 { n += bad; bad = 0 }
    END { print n + bad }' scored)
[ "$n" = "$m" ] && pass || fail "$name" "$n sentences, not $m"
run 'eval, a page beside the results' 0 eval "$model" people --report page2.html
out_has 'eval_loss'
broken 'eval, a page in a folder that is not there' eval "$model" people --report no/such
err_has 'no/such'
# labels and words that are HTML, a model trained on them
awk 'NR <= 60 { print $1, (NR % 3 ? "O" : "B-<i>&\"x"); if (NR % 6 == 0) print "" }' \
    labelled.conll | sed 's/^ O$//; s/^ B.*//' >hostile
printf '<script>alert(1)</script> B-<i>&"x\n&amp; O\n' >>hostile
run 'train with a page' 0 train --from-config config.json --vocab "$vocab" --train hostile \
    --dev hostile --out html.tcm --max-steps 4 --eval 2 --report train.html --quiet
page train.html
out_has '<h1>html.tcm <span>on hostile</span></h1>'
out_has '<section id="training">'
out_has '<polyline class="line a" points="'
out_has '<dt>learning rate</dt>'
out_has '&lt;i&gt;&amp;&quot;x'
out_lacks '<i>&'
out_lacks '<script>alert'
out_lacks 'http-equiv'
n=$(grep -c '<circle class="b"' train.html)
[ "$n" = 2 ] && pass || fail "$name" "$n evaluations, not 2"
run 'train with a page, no evaluation' 0 train --from-config config.json --vocab "$vocab" \
    --train hostile --out html.tcm --max-steps 2 --report train.html --quiet
cp train.html out
out_has '<section id="training">'
out_lacks 'NaN'
out_lacks 'inf'
run 'train with mapped labels' 0 train --from-config config.json --vocab "$vocab" \
    --train hostile --out html.tcm --max-steps 1 --map 'B-<i>&"x=B-X' --quiet
run 'train with mapped labels' 0 info html.tcm --json
out_has '"0": "B-X", "1": "O"'
wrong 'train, a page to standard output' train "$model" --train hostile --out x.tcm --report -
broken 'train, a page in a folder that is not there' train "$model" --train people \
    --out x.tcm --report no/such
err_has 'no/such'
[ -e x.tcm ] && fail "$name" 'there is a model' || pass

printf 'a N O\nnew N B-X\n' >dev
run 'train says the scheme' 0 train new.tcm --train train --dev dev --column 3 --out x.tcm \
    --max-steps 1
err_has 'train: the scheme of the labels is IOB2, as it seems'
err_has 'train:9: I-Y is invalid here in IOB2'
run 'train with a scheme' 0 train new.tcm --train train --dev dev --column 3 --out x.tcm \
    --max-steps 1 --scheme IOE2
err_has 'train: the scheme of the labels is IOE2'
err_has 'train:1: B-X is invalid here in IOE2'
err_has 'dev:2: B-X is invalid here in IOE2'
run 'train on parts of speech' 0 train new.tcm --train train --column 2 --out x.tcm --max-steps 1
err_has 'train: the scheme of the labels is none'
rm -f x.tcm
broken 'train, a model in a folder that is not there' train new.tcm --train train \
    --out no/x.tcm --max-steps 1
err_has 'no/x.tcm: cannot be written: '
broken 'train, a model that is a folder' train new.tcm --train train --out . --max-steps 1

broken 'a model with a long path' info "$(printf '%0280d' 0)/m.tcm"
err_has '0/m.tcm: cannot be opened'
grep -qF '...' err && fail "$name" 'the path stands there twice' || pass
long=$(printf '%0240d/' 0 0 0 0 0)
mkdir -p "$long"
printf 'a O x\nb O\n' >"${long}bad"
broken 'data with a long path' data "${long}bad"
err_has '0/bad:2: the number of columns is 2'

# outputs that are inputs, or two at once; standard input twice; what is known before the work
for option in '--log train' '--report train' '--report x.tcm' '--log dev --dev dev'; do
    broken "train, one file for two: $option" train new.tcm --train train --out x.tcm $option \
        --max-steps 1 --quiet
    [ -e x.tcm ] && fail "$name" 'there is a model' || pass
done
grep -q B- train && pass || fail "$name" 'the training data is gone'
wrong 'train, standard input twice' train new.tcm --train - --dev - --out x.tcm
for command in 'tag -' 'tokenize - -' 'encode - --output mean'; do
    wrong "standard input twice: $command" $command
done
broken 'train, a name too long' train new.tcm --train train --max-steps 1 --quiet \
    --out "$(printf 'n%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25)$(
        printf '%0231d' 0)"
err_has 'File name too long'
broken 'eval, nowhere to write' eval new.tcm train --predictions no/such
out_empty
cp train old.tcm.best
run 'train leaves what it did not make' 0 train new.tcm --train old.tcm.best --dev train \
    --out old.tcm --max-steps 2 --quiet
cmp -s train old.tcm.best && pass || fail "$name" 'a file of somebody else is gone'
[ "$(echo old.tcm*)" = 'old.tcm old.tcm.best' ] && pass || fail "$name" "left: $(echo old.tcm*)"
rm old.tcm.best old.tcm
mkdir best
cp new.tcm best/best.tcm
broken 'a base where the best model goes' train best/best.tcm --train train --dev train \
    --out old.tcm --checkpoint best
err_has 'best/best.tcm: is an input too'
broken 'a model where checkpoints go' train new.tcm --train train --out ./best/checkpoint.tcm \
    --checkpoint best
err_has 'is given for two outputs'
cmp -s new.tcm best/best.tcm && pass || fail "$name" 'the base was changed'
rm -r best
broken 'one new file by two names' eval new.tcm train --predictions ./q.new --report q.new
err_has 'is given for two outputs'
name='train to the file of standard output'
"$program" train new.tcm --train train --dev train --out /dev/stdout >q.new 2>err
[ $? = 2 ] && pass || fail "$name" 'status'
one_line
rm q.new
ln -s nowhere link.new
broken 'a link to nowhere' quantize new.tcm link.new --dtype s8
err_has 'link.new: is a link to a file that is not there'
rm link.new
: >none
broken 'no sentence in --dev' train new.tcm --train train --dev none --out old.tcm --quiet
err_has 'none: there is no labelled sentence'
for signal in HUP TERM; do
    { sh -c "kill -$signal \$\$"; } 2>/dev/null && # ignored, as under nohup
        skipped=$((skipped + 1)) && continue
    name="train, SIG$signal"
    "$program" train new.tcm --train train --dev train --out old.tcm --quiet --max-steps 100000 \
        --eval 1 --log log.new >out 2>err &
    until [ -s log.new ] || ! kill -0 $! 2>/dev/null; do sleep 1; done
    kill -$signal $!
    wait $!
    [ $? = 1 ] && pass || fail "$name" 'status'
    err_has 'interrupted after update'
    [ "$(echo old.tcm*)" = 'old.tcm*' ] && pass || fail "$name" "left: $(echo old.tcm*)"
    rm -f log.new
done
# the second file, a pipe, is opened when the first one is mapped
name='a file that is cut short'
cp train cut.new
mkfifo pipe.new
{
    : >cut.new
    cat train
} >pipe.new &
feeder=$!
"$program" score cut.new pipe.new >out 2>err
[ $? = 1 ] && pass || fail "$name" 'status'
one_line
err_has 'cut short'
kill $feeder 2>/dev/null
rm cut.new pipe.new
mkdir real
cp new.tcm real/n.tcm
chmod 640 real/n.tcm
ln -s real/n.tcm link.tcm
run 'quantize behind a link' 0 quantize new.tcm link.tcm --dtype s8
[ -h link.tcm ] && [ "$(ls -l real/n.tcm | cut -c1-10)" = -rw-r----- ] &&
    ! cmp -s new.tcm real/n.tcm && pass || fail "$name" 'the link or the mode is another'
name='eval, predictions with the report'
"$program" eval "$model" people >scores 2>err
"$program" eval "$model" people --predictions people.txt >out 2>err
"$program" eval "$model" people --predictions /dev/stdout >both.txt 2>err
[ "$(wc -l <both.txt)" = $(($(wc -l <scores) + $(wc -l <people.txt))) ] && pass ||
    fail "$name" 'lines are missing'
cp -r hf dangling
rm dangling/tokenizer_config.json
ln -s no/where dangling/tokenizer_config.json
broken 'a link to nowhere' convert dangling d.tcm
err_has 'dangling/tokenizer_config.json: cannot be opened: '
name='train into a broken pipe'
(
    trap '' PIPE
    "$program" train new.tcm --train labelled.conll --dev labelled.conll --out pipe.tcm \
        --max-steps 40 --eval 1 2>err
    echo $? >status
) | head -n 1 >out
if [ "$(cat status)" = 0 ]; then
    [ -e pipe.tcm ] && pass || fail "$name" 'status 0 and no model'
else
    pass
fi

# a checkpoint, then a full disk: the checkpoint stays, and the run goes on from it
checkpointed() { # NAME STATUS OPTIONS...: standard output goes to the caller's
    name=$1
    want=$2
    shift 2
    "$program" train new.tcm --train labelled.conll --dev labelled.conll --checkpoint ck \
        --max-steps 6 --eval 5 --quiet "$@" 2>err
    got=$?
    [ $got = "$want" ] && pass || fail "$name" "exit status $got, not $want"
}
checkpointed 'train with checkpoints' 0 --save-every 4 --out whole.tcm >out
rm -rf ck q.tcm
checkpointed 'train without standard output' 1 --save-every 4 --out x.tcm >&-
one_line
cp ck/checkpoint.tcm kept.tcm
trap '' XFSZ
limit=$(ulimit -f)
ulimit -S -f 100
checkpointed 'a checkpoint to a full disk' 1 --save-every 1 --out x.tcm --resume >out
ulimit -S -f "$limit"
trap - XFSZ
one_line
err_has 'ck/checkpoint.tcm: cannot be written: '
cmp -s ck/checkpoint.tcm kept.tcm && pass || fail "$name" 'the checkpoint was changed'
[ "$(echo $(ls ck))" = 'best.tcm checkpoint.tcm' ] && pass || fail "$name" 'other files were left'
[ -e x.tcm ] && fail "$name" 'there is a model' || pass
checkpointed 'train goes on when there is room' 0 --save-every 4 --out x.tcm --resume >out
cmp -s x.tcm whole.tcm && pass || fail "$name" 'not the bytes of an unbroken run'
rm -f x.tcm
cp ck/best.tcm kept.tcm
for damage in none cut other; do
    case $damage in
    none) rm ck/best.tcm ;;
    cut) head -c 9000 kept.tcm >ck/best.tcm ;;
    other) cp "$model" ck/best.tcm ;;
    esac
    checkpointed "the best model: $damage" 1 --save-every 4 --out x.tcm --resume >out
    one_line
    err_has 'tokclass: ck/best.tcm: '
    [ -e x.tcm ] && fail "$name" 'there is a model' || pass
done
cp kept.tcm ck/best.tcm
echo old >ck/checkpoint.tcm
checkpointed 'a new run in the folder of an old one' 0 --out x.tcm --max-steps 1 >out
"$program" info ck/checkpoint.tcm >/dev/null && pass || fail "$name" 'the old checkpoint'
rm -f x.tcm

# ------------------------------------------------------------- what is kept from harm
# No output takes the place of an input, bytes that are no UTF-8 are an error where asked for.
input ''
cp people kept
broken 'quantize onto its labelled data' quantize "$model" kept --dtype s16 --eval kept
err_has 'kept: is an input too'
cmp -s people kept && pass || fail "$name" 'the data are gone'
run 'a folder to convert' 0 export "$model" folder
cp folder/model.safetensors weights
for file in model.safetensors config.json; do
    broken "convert onto its $file" convert folder folder/$file
    err_has "folder/$file: is an input too"
done
cmp -s weights folder/model.safetensors && pass || fail "$name" 'the weights are gone'
printf 'ok O\na\377b B-PER\n' >ill
run 'ill-formed data' 0 eval "$model" ill --quiet
for arguments in 'eval MODEL ill' 'data ill' 'score ill' 'train MODEL --train ill --out x.tcm' \
    'quantize MODEL x.tcm --dtype s8 --eval ill'; do
    set --
    for word in $arguments; do
        [ "$word" = MODEL ] && word=$model
        set -- "$@" "$word"
    done
    broken "strict UTF-8: $arguments" "$@" --strict-utf8
    err_has 'ill:2: ill-formed UTF-8'
done
: >none
broken 'score of nothing' score none none
err_has 'none: there is no labelled sentence'
long=$(printf '%0255d' 7)
run 'a long name' 0 convert folder "$long"
[ -s "$long" ] && pass || fail "$name" 'there is no such model'
# A log that cannot be opened is told before there is a page, one that is no file is no hindrance.
broken 'train with a log that cannot be' train "$model" --train people --out x.tcm --max-steps 1 \
    --report failed.html --log no/such/log --quiet
[ -e failed.html ] && fail "$name" 'there is a page' || pass
for resume in '' --resume; do
    run "train with /dev/null as log $resume" 0 train "$model" --train people --out x.tcm \
        --max-steps 2 --checkpoint runs --log /dev/null --quiet $resume
done
run 'train anew over a checkpoint' 0 train "$model" --train people --out x.tcm --max-steps 1 \
    --checkpoint runs
err_has 'runs/checkpoint.tcm: is of an earlier run'
printf 'Ada I-PER\nlives O\n' >lone
run 'a page in strict mode' 0 eval "$model" lone --mode strict --scheme IOB2 --report strict.html
grep -q 'rules of default mode' strict.html && pass || fail "$name" 'errors without a word'
# The page of a finished training stays, whatever comes then.
if [ -c /dev/full ] && ! (echo x >/dev/full) 2>/dev/null; then
    name='a full disk for the report behind a training'
    "$program" train "$model" --train people --test people --out x.tcm --max-steps 1 \
        --report last.html --quiet >/dev/full 2>err
    [ $? = 1 ] && pass || fail "$name" 'exit status is not 1'
    grep -q 'ended early' last.html && fail "$name" 'the page has no scores' || pass
    # and that of one that failed does not wait for ever
    broken 'a full disk for the log of a training' train "$model" --train people --out x.tcm \
        --max-steps 3 --log /dev/full --report failed.html --checkpoint other --quiet
    grep -q 'ended early' failed.html && pass || fail "$name" 'the page goes on'
    grep -q 'http-equiv="refresh"' failed.html && fail "$name" 'it is loaded again' || pass
else
    skipped=$((skipped + 1))
fi
rm -f x.tcm
# Results take the place of the progress bar.
name='results beside a progress bar'
for n in 100 500 2500 12500 62500; do
    yes 'Anna Smith lives in Paris with Bob.' | head -n $n >in
    "$program" tag "$model" --progress --threads 1 --isa base --batch-tokens 64 <in >mixed 2>&1
    tr '\r' '\n' <mixed | grep -a '^tag \[' >bars && break
done
[ -s bars ] && pass || fail "$name" 'there is no bar'
grep -qav '\[K$' bars && fail "$name" 'a result stands behind the bar' || pass

# ------------------------------------------------------------------- outputs that fail
cp sylvain.txt in
if [ -c /dev/full ] && ! (echo x >/dev/full) 2>/dev/null; then
    for arguments in 'tag MODEL' 'tag MODEL --format html' 'tokenize MODEL' 'info MODEL' \
        'encode MODEL --output mean' 'encode MODEL --output mean --format npy' \
        'quantize new.tcm q.tcm --dtype f16 --eval gold.conll' '--help' '--version' \
        'score both' 'data train' 'eval MODEL people' 'eval MODEL people --format html'; do
        name="disk full: $arguments"
        set --
        for word in $arguments; do
            [ "$word" = MODEL ] && word=$model
            set -- "$@" "$word"
        done
        "$program" "$@" <in >/dev/full 2>err
        got=$?
        [ $got = 1 ] && pass || fail "$name" "exit status $got, not 1"
        one_line
        err_has 'standard output'
    done
    [ -e q.tcm ] && fail "$name" 'quantize left a model' || pass
    broken 'disk full: train --out' train new.tcm --train train --out /dev/full --max-steps 1 \
        --quiet
    err_has '/dev/full: cannot be written: '
    broken 'disk full: train --log' train new.tcm --train train --out x.tcm --log /dev/full \
        --max-steps 3 --quiet
    err_has '/dev/full: cannot be written: '
    [ -e x.tcm ] && fail "$name" 'there is a model' || pass
    name='disk full: the table of train'
    "$program" train new.tcm --train train --dev train --out x.tcm --max-steps 1 --quiet \
        >/dev/full 2>err
    [ $? = 1 ] && pass || fail "$name" 'exit status is not 1'
    err_has 'standard output'
else
    skipped=$((skipped + 1))
fi
i=0
while [ $i -lt 12 ]; do
    cat sylvain.txt
    i=$((i + 1))
done >many
while [ $i -lt 6000 ]; do
    cat many many many many
    i=$((i + 48))
done >plenty
{
    "$program" tokenize "$model" plenty 2>err
    echo $? >status
} | head -n 1 >out
name='broken pipe'
err_empty
case $(cat status) in 0 | 141) pass ;; *) fail "$name" "exit status $(cat status)" ;; esac
# A filter that is fed line by line answers line by line.
if mkfifo feed answer 2>/dev/null; then
    "$program" tag "$model" <feed >answer 2>err &
    filter=$!
    (sleep 30 && kill $filter) >/dev/null 2>&1 & # rather a failure than a hang
    watchdog=$!
    exec 3>feed 4<answer
    printf '%s\n' "$sylvain" >&3
    read -r line <&4
    printf '%s\n' "$line" >out
    cmp -s out sylvain.jsonl && pass || fail 'line by line' 'the first answer differs'
    exec 3>&- 4<&-
    wait $filter
    kill $watchdog 2>/dev/null
else
    skipped=$((skipped + 1))
fi

# -------------------------------------------------------------------- again, by command
# program: options
wrong 'quantize --format text without data' quantize m q.tcm --dtype s8 --format text
err_has '--format needs --eval'
# program: options
wrong 'train without --out' train m --train d
err_has '--out is missing'
wrong 'train without --train' train m --out n.tcm
err_has '--train is missing'
# program: the other names of --help
for word in -h help; do
    run "help, $word" 0 $word
    out_has 'usage: tokclass'
done
run 'help of tag, -h' 0 tag -h
out_has 'usage: tokclass tag'
# options: --help fills its lines
run 'help fills its lines' 0 tag --help
out_has '  --input lines|document|jsonl|conll
                          what the files hold; default lines'
out_has '                          default ansi on a terminal, else jsonl; ansi with'
# output that fills the buffer to its last byte
run 'ids of two words' 0 tokenize "$model" --text 'a in' --no-special
ids=$(sed 's/{"ids": \[\([^]]*\)\].*/\1/' out)
awk -v a="${ids%%,*}" -v b="${ids##* }" 'BEGIN { printf "%s", b
    for (i = 1; i < 32768; i++) printf " %s", a; print "" }' >in
run 'a text of 65536 bytes' 0 tokenize "$model" --decode
n=$(($(wc -c <out)))
[ "$n" = 65537 ] && pass || fail "$name" "$n bytes"
# the CPUs of a process are those that it may use
if command -v taskset >/dev/null && [ "$(getconf _NPROCESSORS_ONLN)" -gt 1 ]; then
    name='threads of a process with one CPU'
    taskset -c "$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')" \
        "$program" bench "$model" --shapes 1x2 --json >out 2>err
    out_has '"threads": 1,'
fi
# every command on a model knows --isa
for command in 'tag m' 'tokenize m' 'encode m --output mean' 'eval m d' 'info m' 'bench m' 'export m f' \
    'convert f m' 'quantize m n --dtype s8' 'score d' 'data d' 'train m --train d --out n'; do
    # shellcheck disable=SC2086
    wrong "unknown isa: $command" $command --isa pentium
    err_has 'is no known instruction set'
done
# every command: --help does nothing else
printf 'Ada O\n' >in
for command in tag tokenize encode train eval data score convert export quantize info bench; do
    run "$command, --help alone" 0 $command --help
    [ "$(tail -n 1 out)" = '  --help                  this text' ] && pass || fail "$name" "$(tail -n 1 out)"
    err_empty
done
# convert: weights that are not read, by their kind
mkdir weights.other
cp hf/config.json hf/vocab.txt weights.other
: >weights.other/tf_model.h5
broken 'weights of TensorFlow' convert weights.other other.tcm
err_has 'weights.other/tf_model.h5: this format is not read'
: >weights.other/flax_model.msgpack
: >weights.other/pytorch_model.pt
broken 'weights in a pickle' convert weights.other other.tcm
err_has 'weights.other/pytorch_model.pt: pickles can run code and are not read'
# convert: padding on the left is told
rm -rf lefty
cp -r hf lefty
printf '{"do_lower_case": true, "padding_side": "left"}' >lefty/tokenizer_config.json
run 'padding on the left' 0 convert lefty lefty.tcm
err_has 'lefty: padding_side is left: with a stride transformers shifts'
# convert: labels that are not numbered from 0
cp -r hf gaps
sed 's/"6": "I-LOC"/"7": "I-LOC"/' hf/config.json >gaps/config.json
broken 'a gap in id2label' convert gaps gaps.tcm
err_has 'the keys of id2label are not 0 to 6: there is "7"'
# convert: a folder without weights has the class of its tokenizer from config.json
mkdir classy
cp hf/tokenizer.json classy
printf '{"model_type": "tapas", "tokenizer_class": "TapasTokenizer"}' >classy/config.json
run 'a class named by config.json' 0 convert classy classy.tcm --task tokenizer
err_has 'classy: the tokenizer_class TapasTokenizer is not known here'
# convert: the keys of id2label are numbers as JSON writes them
for key in '06' ''; do
    rm -rf gaps
    cp -r hf gaps
    sed "s/\"6\": \"I-LOC\"/\"$key\": \"I-LOC\"/" hf/config.json >gaps/config.json
    broken "a key \"$key\" of id2label" convert gaps gaps.tcm
    err_has "the keys of id2label are not 0 to 6: there is \"$key\""
done
# convert: messages have the line of config.json
rm -rf lined
cp -r hf lined
sed 's/"hidden_act": "[a-z]*"/"hidden_act": "mish"/' hf/config.json >lined/config.json
n=$(grep -n mish lined/config.json | cut -d : -f 1)
broken 'the line of a message' convert lined lined.tcm
err_has "tokclass: lined/config.json:$n: the activation \"mish\" is not supported"
# convert: --dtype f32 of a checkpoint in f16
run 'a checkpoint in f16' 0 quantize new.tcm half.tcm --dtype f16
run 'a checkpoint in f16' 0 export half.tcm half
run 'a checkpoint in f16' 0 convert half half.tcm
for dtype in f32 f16 bf16 s8; do
    run "f16 to $dtype" 0 convert half x.tcm --dtype $dtype
    run "f16 to $dtype" 0 info x.tcm
    out_has "dtype               $dtype"
done
run 'f16 as it is' 0 info half.tcm
out_has 'dtype               f16'
# info: the class of transformers
run 'info, the class of transformers' 0 info "$model" --json
out_has '"architectures": ["BertForTokenClassification"]'
run 'info, the class of transformers' 0 convert hf encoder.tcm --task feature-extraction --quiet
run 'info, the class of transformers' 0 info encoder.tcm --json
out_has '"architectures": ["BertModel"]'
# info: the lines of numbers
run 'info, its lines' 0 info "$model"
for line in 'layers              6' 'hidden size         384' 'intermediate size   1536' \
    'attention heads     12' 'activation          gelu' 'positions           512' \
    'vocabulary          8500' 'limit in tokens     512' "bytes               $(($(wc -c <"$model")))" \
    'labels              7: O B-PER I-PER B-ORG I-ORG B-LOC I-LOC'; do
    out_has "$line"
done
# info: JSON, every key
run 'info as json, its keys' 0 info "$model" --json
[ "$(sed -n 's/^  \("[a-z_0-9]*"\):.*/\1/p' out | tr -d '\n')" = \
    '"model_type""architectures""num_hidden_layers""hidden_size""intermediate_size""num_attention_heads""embedding_size""max_position_embeddings""type_vocab_size""hidden_act""layer_norm_eps""dtype""parameters""task""vocab_size""max_length""id2label""tokenizer_model""bytes""tensors""file_version""producer""isa_available""isa"' ] &&
    pass || fail "$name" "$(cat out)"
# info: the numbers are checked with --verify alone
size=$(($(wc -c <"$model")))
head -c $((size * 3 / 4)) "$model" >flipped.tcm
printf '\252\125\252\125\252\125\252\125' >>flipped.tcm
tail -c +$((size * 3 / 4 + 9)) "$model" >>flipped.tcm
run 'info of a changed file' 0 info flipped.tcm
broken 'info of a changed file, --verify' info flipped.tcm --verify
# tokenize: the second text of a pair ends with its line
printf 'a\tb\nc\td\n' >in
run 'pairs of neighbouring lines' 0 tokenize "$model" --pair
out_has '"tokens": ["[CLS]", "a", "[SEP]", "b", "[SEP]"], "offsets": [[0, 0], [0, 1], [0, 0], [0, 1], [0, 0]]'
out_has '"tokens": ["[CLS]", "c", "[SEP]", "d", "[SEP]"], "offsets": [[0, 0], [0, 1], [0, 0], [0, 1], [0, 0]]'
# tokenize: --pair with JSON lines
printf '{"text": "a", "text_pair": "b"}\n["a", "b"]\n' >in
broken 'a pair of words' tokenize "$model" --pair --input jsonl
err_has 'standard input:2: --pair needs texts, not an array of words'
out_lines 1
out_has '"tokens": ["[CLS]", "a", "[SEP]", "b", "[SEP]"]'
# encode: more inputs than a group
yes 'Ada' | head -n 200 >in
run 'encode many lines' 0 encode "$model" --output cls
out_lines 200
run 'encode many lines, npy' 0 encode "$model" --output cls --format npy
n=$(($(wc -c <out)))
[ "$n" = $((128 + 200 * 384 * 4)) ] && pass || fail "$name" "$n bytes"
# encode: the mean is that of the hidden states
run 'encode, mean of hidden' 0 encode "$model" --output hidden --text 'Ada in Paris'
sed 's/.*"hidden": \[\[//; s/\]\]}.*//' out | awk '{ n = split($0, row, "\\], \\[")
    for (i = 1; i <= n; i++) { d = split(row[i], v, ", "); for (k = 1; k <= d; k++) s[k] += v[k] / n }
    for (k = 1; k <= d; k++) print s[k] }' >rows
run 'encode, mean of hidden' 0 encode "$model" --output mean --text 'Ada in Paris'
sed 's/.*\[//; s/\].*//' out | tr ',' '\n' | paste - rows | awk '{ e = $1 - $2
    if (e > 1e-4 || e < -1e-4) bad = 1 } END { exit bad || NR != 384 }' && pass ||
    fail "$name" 'differs'
# encode: --help does no work
printf 'Ada\n' >in
run 'encode, help before input' 0 encode "$model" --output cls --text Ada --help
out_has 'usage: tokclass encode'
out_lacks '{"vector"'
err_empty
# encode: what is no encoder
broken 'encode with a tokenizer' encode tokenizer.tcm --output mean --text Ada
err_has 'tokenizer.tcm: the file holds a tokenizer and no model'
run 'an encoder' 0 convert hf encoder.tcm --task feature-extraction --quiet
broken 'logits of an encoder' encode encoder.tcm --output logits --text Ada
err_has 'encoder.tcm: the model has no token-classification head'
# encode: the limit of the model
run 'a limit of 8 tokens' 0 convert hf short.tcm --max-length 8 --quiet
printf 'a a a a a a\na a a a a a a\n' >in
broken 'a limit of 8 tokens' encode short.tcm --output cls
err_has "standard input:2: 9 tokens, but the model's limit is 8"
out_lines 1
# tag: nothing behind a failure, though later groups are fine
{
    printf 'Not \377 fine.\n'
    yes 'Fine.' | head -n 200
} >in
broken 'tag ends at the first failure' tag "$model" --strict-utf8 --threads 1
err_has 'standard input:1'
out_empty
# tag: the legend of the page counts each label
run 'html, the legend' 0 tag "$model" --format html --text 'Anna met Bob in Lyon and Anna left.'
out_has '<span><mark class="c0">PER</mark> 3</span>'
out_has '<span><mark class="c2">LOC</mark> 1</span>'
# tag: O takes no colour from the types
run 'html, a label that is no type' 0 tag "$model" --format html --ignore-labels '' \
    --text 'Anna met Bob.'
out_has '<span><mark class="c9">O</mark> '
# tag: a carriage return alone ends a line of the page
printf 'Ada\rin Lyon\n' >in
run 'html, a carriage return' 0 tag "$model" --format html
grep -q '^in <mark' out && pass || fail "$name" 'the words are one'
out_lacks "$(printf '\r')"
# tag: the title
cp in doc.txt
for files in '' - doc.txt 'doc.txt doc.txt'; do
    case $files in doc.txt) title=doc.txt ;; doc*) title='several files' ;; *) title=text ;; esac
    # shellcheck disable=SC2086
    run "html, the title of \"$files\"" 0 tag "$model" --format html $files
    out_has "<title>Entities in $title</title>"
    out_has "<h1>Entities in $title</h1>"
done
# tag: no bar for work of less than a second
run 'no bar for short work' 0 tag "$model" --progress --text 'Ada in Lyon'
err_empty
# tag: what is no tagger
run 'an encoder' 0 convert hf encoder.tcm --task feature-extraction --quiet
broken 'tag with an encoder' tag encoder.tcm --text Ada
err_has 'encoder.tcm: the model has no token-classification head'
broken 'tag with a tokenizer' tag tokenizer.tcm --text Ada
err_has 'tokenizer.tcm: '
# tag, eval: the label of a word without tokens is O, wherever O stands among the labels
run 'a model whose first label is not O' 0 train new.tcm --train train --column 3 --out x.tcm \
    --max-steps 1 --quiet
printf 'Ada B-X\n\342\200\213 O\n' >lost
run 'a word without tokens' 0 tag x.tcm --input conll --format conll lost
[ "$(sed -n 2p out | cut -f 2)" = O ] && pass || fail "$name" "$(cat out)"
run 'a word without tokens, eval' 0 eval x.tcm lost --predictions predicted --quiet
grep -q ' O$' predicted && pass || fail "$name" "$(cat predicted)"
# tag: a line feed inside an entity is a space of TSV
printf 'In New\nYork City and New\r\nYork.\n' >in
run 'tsv, an entity over two lines' 0 tag "$model" --input document --format tsv
awk -F '\t' 'NF != 6 { bad = 1 } END { exit bad }' out && pass || fail "$name" 'not six columns'
out_has "${tab}New York"
# tag: a failure of the library names no place in the group
printf 'Fine.\nNot \377 fine.\n' >in
broken 'the place of a failure' tag "$model" --strict-utf8
err_has 'tokclass: standard input:2: ill-formed UTF-8'
grep -q 'input 0' err && fail "$name" 'the place in the group' || pass
# tag: types without a colour of their own take the colours that are used least
printf 'of B-X\nthe B-Y\n\nof B-X\nthe B-Y\n' >types
run 'a model of two types' 0 train --from-config config.json --vocab "$vocab" --train types \
    --out types.tcm --max-steps 60 --learning-rate 1e-3 --quiet
run 'html, types of no usual name' 0 tag types.tcm --format html --text 'of the'
n=$(grep -o '<span><mark class="c[0-8]">[XY]' out | sed 's/.>.$//' | sort -u | wc -l)
[ "$((n))" = 2 ] && pass || fail "$name" 'one colour for two types'
# tag: a mark of the page, whole
run 'html, a mark' 0 tag "$model" --format html --text "$sylvain"
sed 's/<i>0\.[0-9]*/<i>S/g' out >marks
grep -qF ' at <mark class="c1">Hugging Face<b>ORG <i>S</i></b></mark> in ' marks && pass ||
    fail "$name" "$(grep mark out)"
n=$(grep -o '<mark' out | wc -l)
m=$(grep -o '</mark>' out | wc -l)
[ "$((n))" = "$((m))" ] && pass || fail "$name" 'marks without an end'
# tag: the bar is gone at the end
name='the end of a progress bar'
for n in 500 2500 12500 62500; do
    yes 'Anna Smith lives in Paris with Bob.' | head -n $n >in
    "$program" tag "$model" --progress --threads 1 --isa base --batch-tokens 64 <in >out 2>err
    [ -s err ] && break
done
[ "$(tail -c 4 err | od -An -c | tr -d ' ')" = '\r033[K' ] && pass || fail "$name" 'it stays'
# tag: an accent of its own stays with its letter
printf 'Andre\314\201 left Paris.\n' >in
run 'html, an accent of its own' 0 tag "$model" --format html
out_has "$(printf 'Andre\314\201<b>PER')"
NO_COLOR=1 run 'ansi, an accent of its own' 0 tag "$model" --format ansi
out_has "$(printf '[Andre\314\201 PER] left [Paris LOC].')"
# tag: the page has the text once, with the labels in it
run 'html, the text' 0 tag "$model" --format html --text "$sylvain" --text 'No.'
sed -n 's/^<p dir="auto">//p' out | sed 's/<b>[A-Z]* <i>[0-9.]*<\/i><\/b>//g; s/<[^>]*>//g' >text
printf '%s\nNo.\n' "$sylvain" | cmp -s - text && pass || fail "$name" "$(cat text)"
run 'ansi, the text' 0 tag "$model" --format ansi --text "$sylvain" --text 'No.'
esc=$(printf '\033')
sed "s/ $esc\[1m[A-Z]*//g; s/$esc\[[0-9;]*m//g" out >text
printf '%s\nNo.\n' "$sylvain" | cmp -s - text && pass || fail "$name" "$(cat text)"
# tag: types that are used everywhere have their colours
printf 'of B-GPE\nthe B-DATE\n\nof B-GPE\nthe B-DATE\n' >types
run 'a model of usual types' 0 train --from-config config.json --vocab "$vocab" --train types \
    --out types.tcm --max-steps 60 --learning-rate 1e-3 --quiet
run 'html, types of usual names' 0 tag types.tcm --format html --text 'of the'
out_has '<mark class="c3">GPE</mark>'
out_has '<mark class="c5">DATE</mark>'
# tag: coloured text ends with one line feed
for text in 'Ada' 'Ada\n' ''; do
    input "$text"
    run "ansi, the end of \"$text\"" 0 tag "$model" --input document --format ansi
    out_lines 1
done
# data: BILOU by one of its letters
for letter in U L; do
    printf 'a %s-X\nb O\n' $letter >one
    run "data of BILOU, $letter alone" 0 data one
    out_has '  scheme                BILOU'
done
# data: JSON, every key
printf 'Ada O\n\342\231\236 B-X\n\nin I-X\n' >odd
run 'data as json, whole' 0 data odd --model "$model" --format json
out_is '{"file": "odd", "format": "columns", "separator": "space", "columns": 2, "word_column": 1, "label_column": 2, "sentences": 2, "words": 3, "longest_words": 2, "longest_words_line": 1, "repeated_sentences": 0, "labels": {"B-X": 1, "I-X": 1, "O": 1}, "scheme": "IOB2", "entities": {"X": 2}, "invalid": 1, "invalid_first": [{"line": 4, "before": null, "label": "I-X"}], "tokens": 4, "unknown_tokens": 1, "unknown_share": 0.25, "words_without_tokens": 0, "longest_tokens": 5, "longest_tokens_line": 1, "max_length": 512, "over_max_length": 0}\n'
# data: the invalid labels are listed, and no more
printf 'a B-Y\nb I-X\n' >bad1
run 'data, one invalid label' 0 data bad1
out_has '    line 2: I-X after B-Y'
out_lacks ': the sentence'
run 'data, one invalid label as json' 0 data bad1 --format json
out_has '"invalid_first": [{"line": 2, "before": "B-Y", "label": "I-X"}]'
# train: --test prints the report of the finished model
run 'train with --test' 0 train "$model" --train people --test people --out x.tcm --max-steps 1 \
    --quiet
out_has '              precision    recall  f1-score   support'
out_has 'weighted avg'
# train: a run that goes on has the page and the log of an unbroken one
(
    set -- train new.tcm --train train --dev train --column 3 --max-steps 1500 --eval 300 --quiet
    "$program" "$@" --out whole.tcm --log whole.log --report whole.html >out 2>err
    set -- "$@" --out x.tcm --checkpoint ck --save-every 10 --log run.log --report page.html
    "$program" "$@" >out 2>err &
    until grep -q eval_f1 run.log 2>/dev/null || ! kill -0 $! 2>/dev/null; do sleep 0.1; done
    kill -TERM $!
    wait $!
    "$program" "$@" --resume >out 2>err
)
name='a page over two runs'
for page in whole page; do
    grep -o '<circle.*</circle>\|<polyline[^>]*>' $page.html >$page.marks
done
n=$(grep -c 'class="b"' whole.marks)
[ "$n" = 5 ] && cmp -s whole.marks page.marks && pass || fail "$name" 'other curves'
for log in whole run; do sed 's/, "eval_runtime": [^,}]*//' $log.log >$log.lines; done
cmp -s whole.lines run.lines && pass || fail "$name" 'another log'
cmp -s whole.tcm x.tcm && pass || fail "$name" 'another model'
# train: the options on the page
run 'train, options on the page' 0 train new.tcm --train train --dev train --column 3 --out x.tcm \
    --max-steps 1 --best loss --report page.html --quiet
grep -q '<dt>best by</dt><dd>loss</dd>' page.html && pass || fail "$name" 'no best by'
# train: a checkpoint after every N updates, here before the first epoch is over
name='train, --save-every'
rm -rf ck run.log
"$program" train new.tcm --train labelled.conll --batch-size 1 --max-steps 100000 --save-every 5 \
    --checkpoint ck --out x.tcm --log run.log --quiet >out 2>err &
until [ "$(($(cat run.log 2>/dev/null | wc -l)))" -gt 10 ] || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
kill -KILL $!
wait $! 2>/dev/null
[ -s ck/checkpoint.tcm ] && pass || fail "$name" 'no checkpoint after 10 updates'
rm -rf ck run.log
# train: the common options
wrong 'train, unknown isa' train m --train d --out n.tcm --isa pentium
err_has 'is no known instruction set'
run 'train, --quiet' 0 train new.tcm --train train --dev train --column 3 --out x.tcm \
    --max-steps 1 --quiet
err_empty
# train: the curve of the loss has a point for each update
run 'train, the curve of the loss' 0 train new.tcm --train train --column 3 --out x.tcm \
    --max-steps 7 --report page.html --quiet
n=$(sed -n 's/.*<polyline class="line a" points="\([^"]*\)".*/\1/p' page.html | tr ' ' '\n' | grep -c ,)
[ "$n" = 7 ] && pass || fail "$name" "$n points, not 7"
# train: a run that begins removes the checkpoint of an earlier one
name='train anew, and a crash before the first checkpoint'
rm -rf ck run.log
mkdir ck
cp new.tcm ck/checkpoint.tcm
cp new.tcm ck/best.tcm
"$program" train new.tcm --train labelled.conll --max-steps 100000 --save-every 50000 \
    --checkpoint ck --out x.tcm --log run.log --quiet >out 2>err &
until [ "$(($(cat run.log 2>/dev/null | wc -l)))" -gt 2 ] || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
kill -KILL $!
wait $! 2>/dev/null
[ -z "$(ls ck)" ] && pass || fail "$name" "left: $(ls ck)"
rm -rf ck run.log
# train: options of checkpoints without a folder for them
for option in --resume '--save-every 5'; do
    # shellcheck disable=SC2086
    wrong "train $option without --checkpoint" train m --train d --out n.tcm $option
    err_has "${option%% *} needs --checkpoint"
done
# train: an update is a batch times the accumulation
printf 'of B-X\n\nthe O\n\nin B-X\n\nof O\n\nthe B-X\n\nin O\n' >six
for options in '--batch-size 1:6' '--batch-size 4:2' '--batch-size 1 --gradient-accumulation 3:2' \
    '--batch-size 2 --epochs 2:6' '--max-steps 4:4'; do
    # shellcheck disable=SC2086
    run "updates of ${options%:*}" 0 train --from-config config.json --vocab "$vocab" --train six \
        --out six.tcm --epochs 1 ${options%:*} --log six.log --quiet
    n=$(($(wc -l <six.log)))
    [ "$n" = "${options#*:}" ] && pass || fail "$name" "$n updates, not ${options#*:}"
done
# train: --freeze
for freeze in layers layers: layers:x layers:1x layers:4097 embedding; do
    wrong "train --freeze $freeze" train m --train d --out n --freeze $freeze
    err_has "--freeze $freeze is neither embeddings nor layers:K"
done
run 'train --freeze, all layers' 0 train new.tcm --train train --column 3 --out x.tcm --max-steps 2 \
    --freeze layers:4096
err_has '--freeze layers:4096: the model has 2 layers'
for freeze in embeddings layers:1; do
    run "train --freeze $freeze" 0 train new.tcm --train train --column 3 --out "$freeze.tcm" \
        --max-steps 2 --freeze $freeze --quiet
    err_empty
done
for a in x.tcm embeddings.tcm; do
    cmp -s layers:1.tcm $a && fail "$name" "the same model as $a" || pass
done
# train: every option that was given stands on the page
run 'train, every option on the page' 0 train new.tcm --train train --dev train --column 3 --out x.tcm \
    --max-steps 1 --gradient-accumulation 2 --warmup-steps 3 --lr-scheduler cosine --dropout 0.25 \
    --attention-dropout 0.5 --label-smoothing 0.125 --layer-decay 0.75 --freeze embeddings \
    --max-length 32 --seed 9 --map NEW=O --weight-decay 0.5 --report page.html --quiet
tr -d '\n' <page.html >out
for pair in 'batches in an update:2' 'warmup:3 updates' 'learning rate:5e-05, cosine' 'dropout:0.25' \
    'attention dropout:0.5' 'label smoothing:0.125' 'layer decay:0.75' 'frozen:embeddings' \
    'max length:32' 'seed:9' 'map:NEW=O' 'weight decay:0.5' 'updates:1' 'batch size:8'; do
    out_has "<dt>${pair%%:*}</dt><dd>${pair#*:}</dd>"
done
# train: the first number beyond the data
printf 'Ada B-X\n\nBo O\n' >two
printf '1\n0\n' >order
run 'an order' 0 train --from-config config.json --vocab "$vocab" --train two --out x.tcm --quiet \
    --order order --max-steps 1
printf '1\n2\n' >order
broken 'an order just beyond the data' train --from-config config.json --vocab "$vocab" --train two \
    --out x.tcm --quiet --order order --max-steps 1
err_has 'tokclass: order:2: there is no sentence 2, the last is 1'
# eval: the page has the options
run 'eval, options on the page' 0 eval "$model" people --map NEW=O --report page.html --column 2 \
    --max-length 64
grep -q '<dt>map</dt><dd>NEW=O</dd>' page.html && pass || fail "$name" 'no map'
grep -q '<dt>column</dt><dd>2</dd>' page.html && pass || fail "$name" 'no column'
grep -q '<dt>max length</dt><dd>64</dd>' page.html && pass || fail "$name" 'no max length'
# eval: the page of tags that are no spans: words and pairs
printf 'of A\nthe B\n\nin A\nof C\nthe A\n\nto B\nof B\n\nthe C\n' >pos
run 'a model of tags' 0 train --from-config config.json --vocab "$vocab" --train pos \
    --out pos.tcm --max-steps 1 --quiet
run 'a page of tags' 0 eval pos.tcm pos --predictions predicted --report page.html
tr ' ' '\n' <predicted | grep . >tags
awk 'NF == 2 { print $2 }' pos | paste -d ' ' - tags |
    awk '$1 != $2 { n[$1 " as " $2]++ } END { for (k in n) print k, n[k] }' | sort >want
sed -n 's/^<tr>.* data-n="\(. as .\)".*<b>\([0-9]*\)<.*/\1 \2/p' page.html | sort >pairs
[ -s want ] && cmp -s pairs want && pass || fail "$name" "pairs: $(tr '\n' ' ' <pairs)"
n=$(grep -c '^<li data-e=' page.html)
m=$(awk 'NF == 2 { print $2 } !NF { print "" }' pos | awk 'NR == FNR { p[NR] = $0; next }
    NF { bad += $0 != p[++k]; next } { n += bad > 0; bad = 0 } END { print n + (bad > 0) }' tags -)
[ "$n" = "$m" ] && pass || fail "$name" "$n sentences, not $m"
# eval: the figures of the page
run 'eval, the figures of the page' 0 eval "$model" people --report page.html --format json
loss=$(sed 's/.*"eval_loss": \([0-9.]*\).*/\1/' out)
tr '\n' ' ' <page.html | grep -qF "<dt>Loss</dt><dd>$(printf '%.4f' "$loss")</dd>" && pass ||
    fail "$name" 'no loss'
# eval: a page of labels with suffixes
printf 'of X-B\nthe X-I\n\nin O\nof X-B\n' >suffixes
run 'a model of suffixes' 0 train --from-config config.json --vocab "$vocab" --train suffixes \
    --out suffix.tcm --max-steps 1 --quiet
run 'a page of suffixes' 0 eval suffix.tcm suffixes --suffix --report page.html --quiet
out_has '           X '
grep -q '>X<' page.html && ! grep -q '>X-<' page.html && pass || fail "$name" 'no type X'
# eval: what the page opens, it closes
run 'eval, a page of errors' 0 eval "$model" people --report page.html
for tag in section table thead tbody tr td th ul li dl dt dd div span a b i; do
    n=$(grep -o "<$tag[ >]" page.html | wc -l)
    m=$(grep -o "</$tag>" page.html | wc -l)
    [ "$((n))" = "$((m))" ] && pass || fail "$name" "<$tag>: $n, </$tag>: $m"
done
# eval: a page names what differs, also where the labels are of one length
printf 'Sarah B-PER\nlives O\nin O\nLyon B-PER\n' >lyon
run 'eval, labels of one length' 0 eval "$model" lyon --predictions predicted --report page.html
[ "$(cat predicted)" = 'B-PER O O B-LOC' ] && pass || fail "$name" "$(cat predicted)"
n=$(grep -c '^<li data-e="t[0-9]*,[0-9]*">' page.html)
[ "$n" = 1 ] && pass || fail "$name" "$(grep '^<li' page.html | cut -c 1-40)"
# eval: the matrix of the page is square
run 'eval, the matrix of the page' 0 eval "$model" people --report page.html
sed -n '/<table class="matrix/,/<\/table>/p' page.html | tr -d '\n' | sed 's/<tr>/@/g' | tr '@' '\n' |
    grep '<t[dh][ >]' |
    awk '{ print gsub(/<t[dh][ >]/, "") }' | sort -u >cells
[ "$(($(wc -l <cells)))" = 1 ] && pass || fail "$name" "cells in rows: $(tr '\n' ' ' <cells)"
# eval: no space between words of Chinese on the page
printf '\346\235\261 B-LOC\n\344\272\254 O\n\346\250\252 B-PER\nAda O\nBo B-ORG\n' >kyo
run 'eval, Chinese on the page' 0 eval "$model" kyo --report page.html
sed -n '/^<li data-e=/,/<\/li>/p' page.html | sed 's/<b>[^<]*<\/b>//g; s/<[^>]*>//g' | tr -d '\n' >text
grep -q "$(printf '\346\235\261\344\272\254\346\250\252 Ada Bo')" text && pass || fail "$name" "$(cat text)"
# score: the head of the confusions stands above its columns
printf 'a B-X B-X\n' >both
run 'score, the head of the confusions' 0 score both --confusion
out_has '  gold                     predicted                same words   overlap'
out_has '  X                        X                                 1         0'
# score and eval: --scheme IOB1, the first of the list, asks for spans as --mode does
printf 'of B\nthe N\n\nin V\n' >pos
run 'a model of tags' 0 train --from-config config.json --vocab "$vocab" --train pos \
    --out pos.tcm --max-steps 1 --quiet
for command in 'score pos pos' 'eval pos.tcm pos'; do
    # shellcheck disable=SC2086
    run "${command%% *}, spans by --mode" 0 $command --mode default
    head -n 9 out >spans
    # shellcheck disable=SC2086
    run "${command%% *}, spans by --scheme" 0 $command --scheme IOB1 --quiet
    head -n 9 out | cmp -s - spans && pass || fail "$name" 'differs from --mode default'
done
# score: more types than confusions are counted for
awk 'BEGIN { for (i = 0; i < 300; i++) print "a", "B-T" i, "B-T" i }' >types
run 'score, 300 types' 0 score types --confusion
err_has 'score: confusions are counted for up to 255 types'
out_lacks 'same words, other type'
run 'score, 300 types as json' 0 score types --format json
out_has '"support": 300, "confusion": null}'
# score: the table of confusions has a row for each, and no more
printf 'a B-X B-X\nb B-Y B-X\n' >both
run 'score, the table of confusions' 0 score both --confusion
sed -n '/^  gold  *predicted /,$p' out | sed 1d | sed 's/  */ /g' >rows
printf ' X X 1 0\n Y X 1 0\n' | cmp -s - rows && pass || fail "$name" "$(cat rows)"
run 'score, the confusions as json' 0 score both --format json
out_has '"pairs": [{"gold": "X", "predicted": "X", "exact": 1, "overlap": 0}, {"gold": "Y", "predicted": "X", "exact": 1, "overlap": 0}]}}'
# score: the counts of the confusions
printf 'a B-X B-X\nb O O\nc B-X B-Y\nd O O\ne B-X B-X\nf O I-X\ng B-X O\nh O O\ni O B-Y\nj O O\n' >both
printf 'k B-X B-Y\nl I-X O\n' >>both
run 'score, the counts of the confusions' 0 score both --confusion
sed -n '/^entities$/,/^$/p' out | sed 's/^ *//; s/  */ /g' | tr '\n' ',' >counts
printf 'entities,gold 5,predicted 5,correct 1,same words, other type 1,same type, other words 1,other type and words 1,missed 1,spurious 1,,' |
    cmp -s - counts && pass || fail "$name" "$(cat counts)"
# quantize: the speeds are measured
run 'quantize, speeds' 0 quantize "$model" q2.tcm --dtype s16 --eval people
grep -q '^sentences/s  *[0-9]*[1-9][0-9]*\.[0-9]  *[0-9]*[1-9][0-9]*\.[0-9]  x [0-9]' out && pass ||
    fail "$name" "$(grep sentences out)"
# export: a failure leaves an empty folder that was there
mkdir void
name='export to a full disk into an empty folder'
(
    trap '' XFSZ
    ulimit -f 2000
    "$program" export "$model" void >out 2>err
)
[ -d void ] && [ -z "$(ls -A void)" ] && pass || fail "$name" 'the folder is gone, or not empty'
# bench: the keys in front
run 'bench json, its head' 0 bench "$model" --shapes 1x2 --json --threads 1
out_has '{"model": "'
out_has '", "dtype": "s8", "isa": "'
out_has '"threads": 1, "compute": "exact"'

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
