"""The texts that are tagged and tokenized, as files with a text on each line."""
import glob
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def wikigold():
    """The sentences of examples/wikigold, words joined by spaces."""
    with open(f"{HERE}/../../examples/wikigold/train.conll", encoding="utf-8") as f:
        for block in f.read().split("\n\n"):
            words = [line.split()[0] for line in block.split("\n") if line.strip()]
            if words and words[0] != "-DOCSTART-":
                yield " ".join(words)


def declarations():
    """Paragraphs of the declaration of human rights in many scripts: files *-UTF8 in the folder
    PEERS_SCRIPTS, or below $TOKCLASS_SHARED; without them there is one text less."""
    folder = os.environ.get("PEERS_SCRIPTS")
    if not folder:
        folder = os.environ.get("TOKCLASS_SHARED", f"{HERE}/../../../shared")
        folder += "/unicode/udhr-nltk"
    for path in sorted(glob.glob(f"{folder}/*-UTF8")):
        with open(path, encoding="utf-8", errors="replace") as f:
            yield from (" ".join(line.split()) for line in f if line.strip())


def pack(lines, size):
    """Documents of `size` bytes or a little more."""
    document = ""
    for line in lines:
        document += line + " "
        if len(document.encode()) >= size:
            yield document.strip()
            document = ""


def write(name, lines):
    os.makedirs("texts", exist_ok=True)
    path = f"texts/{name}"
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.writelines(line + "\n" for line in lines)
    return path


def sentences():
    """The first SENTENCES of 15 to 25 words."""
    count = int(os.environ.get("SENTENCES", "100"))
    middle = [s for s in wikigold() if 15 <= len(s.split()) <= 25]
    return write("sentences", (middle * (count // len(middle) + 1))[:count])


def documents():
    """English in sentences and in documents of 1000 bytes, and other scripts where they are."""
    files = [write("english-100", pack(wikigold(), 100)),
             write("english-1k", pack(wikigold(), 1000))]
    scripts = list(pack(declarations(), 1000))
    if not scripts:
        print("skipped: other scripts, because PEERS_SCRIPTS names no folder of *-UTF8 files")
        return files
    return files + [write("scripts-1k", scripts)]
