#!/usr/bin/env python3
"""mca.py ASSEMBLY LLVM-MCA - cycles of the NEON kernels' inner loops by llvm's models of CPUs.

Prints, for each kernel and CPU, the cycles of a turn and what its busiest resource needs. Exit
status 1 if an out-of-order CPU takes more than 1.05 of that. An in-order one takes the loop as
the compiler ordered it: it is shown, and not judged."""
import re
import subprocess
import sys

KERNELS = {"tile_5x1_neon": "f32", "tile_dw_5x1_neon": "f32, gradients", "tile_3x1_s8_neon": "s8",
           "tile_3x1_s16_neon": "s16", "tile_5x1_s8_dotprod": "s8, dotprod"}
CPUS = {"neoverse-n1": True, "neoverse-n2": True, "neoverse-v2": True, "cortex-a55": False}
TURNS = 200
MULTIPLY = re.compile(r"\s(fmla|smlal2?|sdot)\s")


def functions(path):
    """The lines of each function."""
    lines, found = [], {}
    for line in open(path, encoding="utf-8"):
        name = re.match(r"tc__k_(\w+):", line)
        if name:
            lines = found[name[1]] = []
        lines.append(line)
    return found


def loops(lines):
    """The stretches from a label to a branch back to it with no label between."""
    label, start = None, 0
    for i, line in enumerate(lines):
        here = re.match(r"(\.L\w+):", line)
        back = re.match(r"\s+(?:b\.?\w+|cbn?z|tbn?z)\s.*?(\.L\w+)$", line.rstrip())
        if here:
            label, start = here[1], i + 1
        elif back and back[1] == label:
            yield [x for x in lines[start:i + 1] if not re.match(r"\s*(\.|//|#|$)", x)]


def analyse(tool, cpu, loop):
    """Cycles of a turn and the bound, or None where this llvm-mca does not know the CPU."""
    done = subprocess.run([tool, "-mtriple=aarch64", "-mattr=+dotprod", f"-mcpu={cpu}",
                           f"-iterations={TURNS}"], input="".join(loop), text=True,
                          capture_output=True, check=False)
    cycles = re.search(r"Total Cycles:\s+(\d+)", done.stdout)
    bound = re.search(r"Block RThroughput:\s+([\d.]+)", done.stdout)
    if done.returncode or "not a recognized processor" in done.stderr:
        return None
    return int(cycles[1]) / TURNS, float(bound[1])


def main():
    found, failed = functions(sys.argv[1]), 0
    for kernel, kind in KERNELS.items():
        loop = max(loops(found[kernel]), key=lambda x: len(MULTIPLY.findall("".join(x))))
        count = len(MULTIPLY.findall("".join(loop)))
        for cpu, judged in CPUS.items():
            result = analyse(sys.argv[2], cpu, loop)
            if not result:
                print(f"skipped: {sys.argv[2]} has no {cpu}")
                continue
            slow = judged and result[0] > 1.05 * result[1]
            failed += slow
            print(f"{'FAILED: ' if slow else ''}{kind:14} {cpu:11} {count} multiply-adds, "
                  f"{result[0]:5.2f} cycles a turn, bound {result[1]:5.2f}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
