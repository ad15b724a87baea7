#!/usr/bin/env python3
"""loops.py ASSEMBLY [LLVM-MCA] - the kernels as a compiler wrote them.

The inner loop of a product must be one loop with all the multiply-adds of its tile: where a
compiler leaves a loop over registers, the sums are in memory, and a product takes five times as
long; where it runs out of registers, it takes half as long again. With llvm-mca, cycles of a turn
by llvm's models of CPUs, and what their busiest resource needs; an out-of-order CPU may take 1.05
of that. The in-order one may take 1.3 of it: in its model results come in order too, so that an
addition or a fetch waits where a multiply-add, which takes longer, stands before it, and the
branch waits three cycles.
On x86 no kernel may call code of SSE while the upper halves of its registers are in use: CPUs save
them and bring them back, which takes hundreds of cycles, and gcc does not always clear them.
Exit status 1 if something fails."""
import re
import subprocess
import sys

KERNELS = {"tile_5x1_neon": 20, "tile_dw_5x1_neon": 20, "tile_2x1_s8_neon": 16,
           "tile_3x1_s16_neon": 24, "tile_5x1_s8_dotprod": 20, "tile_5_s8_i8mm": 20,
           "tile_5_split": 20, "tile_6x1_avx2": 12, "tile_14x2_avx512": 28,
           "tile_f16_4x1_avx2": 16, "tile_bf16_4x1_avx2": 16,
           "tile_f16_8x2_avx512": 32, "tile_bf16_8x2_avx512": 32,
           "tile_6x1_s8_avx2": 12, "tile_6x1_s16_avx2": 12, "tile_6x1_s8_avx2_vnni": 12,
           "tile_8x2_s16_avx512": 16, "tile_8x2_s8_avx512": 16,
           "tile_14x2_s16_avx512_vnni": 28, "tile_7x2_s16_avx512_vnni": 14}
# What a turn may take of its bound, and kernels whose products the CPU lacks or has better ones.
CPUS = {"neoverse-n1": (1.05, "s8_neon"), "neoverse-n2": (1.05, "s8_neon"),
        "neoverse-v2": (1.05, "s8_neon"), "cortex-a55": (1.3, "i8mm|split|s8_neon"),
        "cortex-a72": (1.05, "dotprod|i8mm|split")}
TURNS = 200
MULTIPLY = re.compile(r"\s(fmla|smlal2?|smull2?|sdot|smmla|bfmmla|vfmadd\w+|vpdpwssd|vpdpbusd|"
                      r"vpmaddwd)\s")
CALL = re.compile(r"\s(?:call|jmp)\s+([\w.]+)$")
SSE = re.compile(r"\s(?!v)\w+\s.*%xmm")
AVX = re.compile(r"\sv\w+\s.*%[xyz]mm")
WIDE = re.compile(r"%[yz]mm")
STACK = re.compile(r"[yz]mm\d+.*\(%rsp|\(%rsp.*[yz]mm\d|\s[qv]\d+.*\[sp")


def functions(path):
    """The lines of each function."""
    lines, found = [], {}
    for line in open(path, encoding="utf-8"):
        name = re.match(r"(\w[\w.]*):", line)
        if name:
            lines = found[name[1]] = []
        lines.append(line)
    return found


def loops(lines):
    """The stretches from a label to a branch back to it with no label between."""
    label, start = None, 0
    for i, line in enumerate(lines):
        here = re.match(r"(\.L\w+):", line)
        back = re.match(r"\s+(?:b\.?\w+|cbn?z|tbn?z|j\w+)\s.*?(\.L\w+)$", line.rstrip())
        if here:
            label, start = here[1], i + 1
        elif back and back[1] == label:
            yield [x for x in lines[start:i + 1] if not re.match(r"\s*(\.|//|#|$)", x)]


def transitions(found):
    """Prints the calls of SSE from functions with wide registers; returns how many there are."""
    failed = 0
    kinds = {name: {kind for kind in (SSE, AVX, WIDE) if any(map(kind.search, lines))}
             for name, lines in found.items()}
    for name, lines in found.items():
        clear = 0  # at the beginning, and for some instructions behind vzeroupper
        for i, line in enumerate(lines if WIDE in kinds[name] else []):
            if "vzeroupper" in line:
                clear = i
            call = CALL.search(line.rstrip())
            if call and i - clear > 20 and kinds.get(call[1]) == {SSE}:
                failed += 1
                print(f"FAILED: {name} calls {call[1]} with its upper halves in use")
    return failed


def analyse(tool, cpu, loop):
    """Cycles of a turn and the bound, or None where this llvm-mca does not know the CPU."""
    done = subprocess.run([tool, "-mtriple=aarch64", "-mattr=+dotprod,+i8mm,+bf16",
                           f"-mcpu={cpu}", f"-iterations={TURNS}"], input="".join(loop), text=True,
                          capture_output=True, check=False)
    cycles = re.search(r"Total Cycles:\s+(\d+)", done.stdout)
    bound = re.search(r"Block RThroughput:\s+([\d.]+)", done.stdout)
    if done.returncode or "not a recognized processor" in done.stderr:
        return None
    return int(cycles[1]) / TURNS, float(bound[1])


def judge(name, loop, tool):
    """Prints what the CPUs need for a loop; returns how many need too much."""
    failed = 0
    for cpu, (most, unused) in CPUS.items():
        if re.search(unused, name):
            continue
        result = analyse(tool, cpu, loop)
        if not result:
            print(f"skipped: {tool} has no {cpu}")
            continue
        slow = result[0] > most * result[1]
        failed += slow
        print(f"{'FAILED: ' if slow else ''}{name:20} {cpu:11} {result[0]:5.2f} cycles a turn, "
              f"bound {result[1]:5.2f}")
    return failed


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: loops.py ASSEMBLY [LLVM-MCA]")
    found, seen = functions(sys.argv[1]), 0
    failed = transitions(found)
    for name, multiplies in KERNELS.items():
        if f"tc__k_{name}" not in found:
            continue
        seen += 1
        loop = max(loops(found[f"tc__k_{name}"]), default=[],
                   key=lambda x: len(MULTIPLY.findall("".join(x))))
        count = len(MULTIPLY.findall("".join(loop)))
        if count % multiplies or not count:
            failed += 1
            print(f"FAILED: {name} has a loop of {count} multiply-adds, not of {multiplies}")
        elif any(STACK.search(line) for line in loop):
            failed += 1
            print(f"FAILED: {name} keeps sums or operands of its loop on the stack")
        elif len(sys.argv) > 2:
            failed += judge(name, loop, sys.argv[2])
    return failed > 0 or not seen


if __name__ == "__main__":
    sys.exit(main())
