"""Child processes that do the work, and what is measured beside each sample."""
import glob
import os
import subprocess
import sys
import time

PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
SAMPLE = 0.5  # seconds that a sample lasts at least: a runtime that was just woken is slow


class Failure(Exception):
    pass


class Server:
    """A child process that answers requests; with one thread it stays on one core."""

    def __init__(self, name, threads):
        self.name = name
        kind, _, dtype = name.partition(" ")
        command = [sys.executable, PEER, "models", name]
        if kind == "ours":
            command = ["./ours", "models", dtype]
        with open("errors.txt", "a") as errors:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                text=True, bufsize=1, env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
                preexec_fn=pin if threads == 1 else None)

    def ask(self, *words):
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer or answer.startswith("err"):
            raise Failure(f"{self.name}: {answer or 'ended, see errors.txt'}")
        return float(answer)

    def waited(self):
        """Seconds that its threads have been ready to run while others had their core; where
        the system does not tell, 0."""
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            try:
                with open(path) as f:
                    total += int(f.read().split()[1])
            except (OSError, IndexError):  # the thread has ended
                pass
        return total * 1e-9

    def end(self):
        try:
            self.process.stdin.close()
            self.process.wait(20)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def pin():
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


class Runner:
    """A server at one piece of work. Before each sample the threads of others have time to go
    to sleep, and a burst measures the limit of that moment."""

    def __init__(self, server, cell, variant, burst):
        self.server, self.cell, self.burst = server, cell, burst
        self.name = " ".join([server.name, *variant[:1]]).strip()
        self.source, self.count = variant[-1], 1
        self.dtype = "s8" if cell.precision == "int8" else "f32"
        self.count = max(1, int(SAMPLE / self.once() + 0.999))

    def once(self):
        c = self.cell
        return self.server.ask(c.task, c.model, self.source, c.threads, self.count) / self.count

    def sample(self):
        """Seconds of one run, 10^9 operations a second of the burst, share of waiting."""
        time.sleep(0.08 if self.cell.threads == 1 else 0.25)
        rate = self.burst.ask("burst", self.dtype, self.cell.threads)
        waited = self.server.waited()
        seconds = self.once()
        waited = (self.server.waited() - waited) / (seconds * self.count)
        return seconds, rate, round(waited, 3)
