#!/usr/bin/env python3
"""Runs the scorers over a binary and holds their figures to .ci/floors.

    floors.py PATH/TO/cuttings PATH/TO/shared [--all]

Prints each figure that has a floor (`--all`: the others, too); fails where one is below, where a floor has no figure, and where a filter ends badly or
leaves a line without an answer. Python 3.8+, standard library only.
"""
import json, pathlib, re, shlex, subprocess, sys, tempfile


def as_is(binary, folder):
    """A program for the feed scorer, whose reference does not mend what it reads: `parse --as-is`."""
    wrapper = pathlib.Path(folder) / "cuttings-as-is"
    wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(binary)} "$@" --as-is\n', encoding="utf-8")
    wrapper.chmod(0o755)
    return str(wrapper)


def feeds(binary, folder, name="feeds", options=()):
    done = subprocess.run([sys.executable, str(folder / "run.py"), binary, "--json", *options], capture_output=True, text=True)
    said = re.search(r"exit (-?\d+), (\d+) answers to (\d+) files in ([\d.]+) s", done.stderr)
    if done.returncode != 0 or not said:
        sys.exit(f"the feed scorer ended with {done.returncode}:\n{done.stderr[-3000:]}{done.stdout[-1000:]}")
    code, answers, files, seconds = said.groups()
    whole(name, int(code), int(answers), int(files))
    print(f"{name:<30}{files} files in {seconds} s")
    total = json.loads(done.stdout)["TOTAL"]
    return {f"{name}.{field}": round(100 * right / max(1, of), 1) for field, (right, of) in total.items()}


def extraction(binary, folder):
    done = subprocess.run([sys.executable, str(folder / "run.py"), binary], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the extraction scorer ended with {done.returncode}:\n{done.stderr[-3000:]}{done.stdout[-1000:]}")
    figures, current = {}, None
    for line in done.stdout.splitlines():
        head = re.match(r"== (\w+): exit (-?\d+), (\d+) of (\d+) pages, (\d+) pages per CPU second", line)
        if head:
            current, code, answers, pages, speed = head.groups()
            whole(current, int(code), int(answers), int(pages))
            print(f"{current:<30}{pages} pages, {speed} a CPU second")
            continue
        row = re.match(r"predictions\s+(\w+)\s+(.*)", line)
        if row and current:
            for name, value in re.findall(r"([\w.>=+-]+?)=(-?\d*\.\d+)(?:\s|$)", row.group(2)):
                figures[f"{current}.{row.group(1)}.{name}"] = float(value)
    return figures


def whole(name, code, answers, lines):
    if code != 0 or answers != lines:
        sys.exit(f"{name}: the filter ended with {code} and answered {answers} of {lines} lines; every line must be answered")


def floors():
    found = {}
    for line in (pathlib.Path(__file__).parent / "floors").read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].split()
        if words:
            found[words[0]] = float(words[1])
    return found


def main():
    binary, shared = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        parser = as_is(binary, folder)
        captures = feeds(parser, shared / "feeds", "captures", ("--origin", "capture"))
        all_feeds = feeds(parser, shared / "feeds")
    figures = {**all_feeds, **captures, **extraction(binary, shared / "extraction")}
    least = floors()
    below = 0
    for name, value in figures.items():
        floor = least.pop(name, None)
        if floor is None and "--all" not in sys.argv:
            continue
        verdict = "" if floor is None else f"floor {floor:g}"
        if floor is not None and value < floor:
            verdict += "   BELOW"
            below += 1
        print(f"{name:<30}{value:>8g}   {verdict}".rstrip())
    for name in least:
        print(f"{name:<30}       –   no such figure, but a floor for it in .ci/floors")
    sys.exit(1 if below or least else 0)


main()
