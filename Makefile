# POSIX make. `make help` lists the targets; CC, CPPFLAGS, CFLAGS, LDFLAGS, B (what is built) can be set.
.POSIX:
.PHONY: examples

CC = cc
CFLAGS = -std=c99 -O2
LDLIBS = -lm -lpthread
B = build
PREFIX = /usr/local
FUZZ_SECONDS = 60
S = 33

READERS = tools/tool.c tools/json.c tools/safetensors.c tools/hf.c tools/hf_config.c \
 tools/hf_export.c tools/hf_tokenizer.c tools/hf_weights.c
PROGRAM = $(READERS) tools/main.c tools/common.c tools/input.c tools/output.c \
 tools/output_mark.c tools/label_map.c tools/labelled.c tools/scheme.c tools/scores.c \
 tools/report.c tools/report_chart.c tools/report_page.c tools/report_style.c tools/watch.c \
 tools/cmd_bench.c tools/cmd_convert.c tools/cmd_data.c tools/cmd_encode.c tools/cmd_eval.c \
 tools/cmd_export.c tools/cmd_info.c tools/cmd_quantize.c tools/cmd_score.c tools/cmd_tag.c \
 tools/cmd_tokenize.c tools/cmd_train.c

all: $(B)/tokclass

$(B)/tokclass.o: tools/tokclass.c tokclass.h
	@mkdir -p $(B)
	$(CC) $(CPPFLAGS) $(CFLAGS) -I. -c -o $@ tools/tokclass.c

$(B)/tokclass: $(B)/tokclass.o $(PROGRAM) tools/*.h
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -I. -o $@ $(PROGRAM) $(B)/tokclass.o $(LDLIBS)

$(B)/all: tests/all.c tests/*.h tokclass.h $(READERS) tools/*.h
	@mkdir -p $(B)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -I. -o $@ tests/all.c $(READERS) $(LDLIBS)

$(B)/bench: tests/bench.c tokclass.h
	@mkdir -p $(B)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -I. -o $@ tests/bench.c $(LDLIBS)

demo: $(B)/tokclass ## tag examples/demo.txt and show the text with coloured spans
	@test -t 1 || export NO_COLOR=1; $(B)/tokclass tag examples/demo.tcm examples/demo.txt --format ansi

test: $(B)/tokclass $(B)/all ## build and run everything that needs no more than the compiler
	@sh tests/run.sh "$(B)/all $(SUITES)" "sh tests/cli.sh $(B)/tokclass" "sh tests/kill.sh $(B)/tokclass"

test-all: ## slower: gcc and clang, sanitizers, refusals, C++, examples, valgrind
	@sh tests/configs.sh gcc clang native nosimd openmp amx asan tsan macros refuse examples valgrind

examples: ## build the programs in examples/
	@mkdir -p $(B)
	@OMPI_CC="$(CC)"; export OMPI_CC; for f in examples/*.c; do n=$${f##*/}; n=$${n%.c}; \
	  case $$n in *_mpi) c=mpicc ;; *) c="$(CC)" ;; esac; \
	  command -v $${c%% *} >/dev/null || { echo "skipped: $$f needs $$c"; continue; }; \
	  echo "$(B)/$$n"; $$c $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -I. -o "$(B)/$$n" "$$f" $(LDLIBS) || exit 1; \
	  done

check: ## the rules of layering, names and format
	@tools/check

fuzz: ## run each fuzzer; FUZZ_SECONDS=60 is the time for all of them
	@B=$(B) CC="$(CC)" FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/fuzz.sh

bench: $(B)/bench ## build and run the benchmark; writes a model of 437 MB into $(B); JSON lines: make -s bench JSON=--json
	@$(B)/bench $(JSON) examples/demo.tcm examples/demo.txt $(B)/base.tcm examples/wikigold/test.conll
	@s=$$(date +%s) && $(CC) $(CPPFLAGS) $(CFLAGS) -I. -c -o $(B)/size.o tools/tokclass.c && \
		echo "object file, compiled in $$(($$(date +%s) - s)) s:" >&2 && size $(B)/size.o >&2

bench-train: $(B)/tokclass ## fine-tune the demo on a small corpus, with the F1 that it reaches
	@sh tests/bench_train.sh $(B)/tokclass

bench-peers: $(B)/tokclass ## time other runtimes beside this one: tests/peers/README.md
	@sh tests/peers/run.sh $(B)

cross: ## aarch64 under qemu-user
	@sh tests/cross.sh

section: ## print a section of the header: make section S=33
	@awk -v s=$(S) '/^\/\* =+ [0-9][0-9]-/ { on = index($$3, s) == 1 } on' tokclass.h

install: $(B)/tokclass ## PREFIX=/usr/local DESTDIR=
	umask 022; mkdir -p "$(DESTDIR)$(PREFIX)/include" "$(DESTDIR)$(PREFIX)/bin"
	cp tokclass.h "$(DESTDIR)$(PREFIX)/include/tokclass.h"
	cp $(B)/tokclass "$(DESTDIR)$(PREFIX)/bin/tokclass"
	chmod 644 "$(DESTDIR)$(PREFIX)/include/tokclass.h"; chmod 755 "$(DESTDIR)$(PREFIX)/bin/tokclass"

clean: ## remove what was built
	rm -rf "$(B)"

help: ## this list
	@echo "make             build the program $(B)/tokclass"
	@sed -n 's/^\([a-z-]*\):.* ## /\1               /; s/^\([a-z -]\{12\}\) *\(.*\)/make \1\2/p' Makefile
