"""Records of THz-pump experiments by equations of motion of their own, and what is said of them.

Nothing of `symchiral.dynamics` or `symchiral.traces` is used: the crystal is a pair (x, y) of
driven coordinates z = x + iy and a pair of observed ones, both with their own frequency, damping
and splitting by strain; the pump is a pulse behind a wave plate; the detector sees the sum of
modes, of what the field itself does, of a background and of noise. `symchiral validate` reads the
file as a user's, and its verdicts are counted.

Which sense is lawful follows from one sentence. About an axis of order three or more along the
light the in-plane anisotropy X = (χxx − χyy)/2 + iχxy and the vector z turn as exp(2iφ) and
exp(iφ); a force of two quanta turns X as z², whatever the order of the axis, and one of a single
quantum turns z as the field; three quanta of one spin on a four-fold axis turn z as conj(z)³.
Quanta of both spins, which strain and imperfect wave plates make, also act by |z|²z, which every
axis allows and which keeps the sense: `mixed` times as strong.

``python tests/records.py --seed 1 --count 300 --jobs 2 --result docs/data/records.json`` judges 300
records of each class and prints the table; ``--show N`` prints the answer on one record, and
``--check`` ends with 1 where the counts contradict the goals.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np

CLASSES = ("lawful", "wrong", "still")
"""Modes that turn as the rule says, the other way, and no motion at all."""

SMALL = 0.04
"""THz. Splitting up to which a record counts as easy."""

FALSE, RIGHT = 0.01, 0.90
"""Goals: how many of all records may be judged falsely, and of easy ones must be right."""

CHANCE = 1e-3
"""How often a command that just meets a goal may fail its check."""


@dataclass(frozen=True)
class Sample:
    """A crystal as it is given to the command, and the modes that its records are made of.

    ``driven`` and ``seen`` are name and frequency (THz) of the mode that the field drives and of
    the one that is observed; ``spread`` by which part the true frequencies differ from these (one
    standard deviation); ``measured`` whether the command is told the true ones within 0.05 THz.
    """

    name: str
    group: str
    given: str
    arguments: tuple[str, ...]
    driven: tuple[str, float]
    seen: tuple[str, float]
    emission: bool = False
    fold: int = 3
    spread: float = 0.0
    measured: bool = False


SAMPLES = (
    Sample("Bi2Se3", "D3d", "measured frequencies", ("Bi2Se3/phonopy.yaml",),
           ("Eu#1", 2.05), ("Eg#2", 4.05), measured=True),
    Sample("Bi2Se3", "D3d", "structure", ("Bi2Se3",), ("Eu", 2.05), ("Eg", 4.05)),
    Sample("YbMg2Sb2", "D3d", "forces", ("YbMg2Sb2/phonopy.yaml.xz",),
           ("Eu#1", 2.565), ("Eg#2", 7.276), spread=0.04),
    Sample("quartz", "D3", "forces", ("SiO2_quartz_P3121/phonopy.yaml.xz",),
           ("E#1", 3.596), ("E#2", 7.44), spread=0.03),
    Sample("Te", "D3", "structure", ("Te_P3121",), ("E", 2.7), ("E:b", 4.2)),
    Sample("LiIO3", "C6", "structure", ("LiIO3",), ("E1", 2.4), ("E2", 4.9), fold=6),
    Sample("MgB2", "D6h", "forces", ("MgB2/phonopy.yaml.xz",),
           ("E1u#1", 9.95), ("E2g#1", 17.27), fold=6, spread=0.03),
    Sample("LiAl5O8", "O", "structure", ("LiAl5O8", "--axis", "[1 1 1]"),
           ("T1", 6.79), ("T2", 13.6)),
    Sample("ReNCl4", "C4", "forces", ("ReNCl4/phonopy.yaml.xz", "--order", "4"),
           ("E#1", 3.277), ("E#3", 9.821), emission=True, fold=4, spread=0.02),
    Sample("ReNCl4", "C4", "measured frequencies", ("ReNCl4/phonopy.yaml.xz", "--order", "4"),
           ("E#1", 3.277), ("E#3", 9.821), emission=True, fold=4, measured=True),
    Sample("BPO4", "S4", "structure", ("BPO4", "--order", "4"),
           ("E", 5.2), ("E:b", 15.6), emission=True, fold=4),
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One record: its file, how it is given, and what is true of it."""

    seed: int
    kind: str
    sample: Sample
    text: str
    frequencies: dict[str, float] = field(default_factory=dict)
    noise: float = 0.0
    splitting: float = 0.0
    ended: bool = False

    @property
    def easy(self) -> bool:
        """Whether its splitting is small and its force ended a lifetime before the record does."""
        return self.splitting <= SMALL and self.ended


def record(seed: int, kind: str | None = None, *, mixed: float | None = None) -> Record:
    """Return the record of a seed; its class is the seed modulo three unless stated.

    ``mixed``: strength of |z|²z beside conj(z)³; by default drawn, of standard deviation 2.
    """
    kind = CLASSES[seed % 3] if kind is None else kind
    rng = np.random.default_rng([20, seed])
    sample = SAMPLES[(seed // 3) % len(SAMPLES)]
    own = sample.driven[1] * (1 + sample.spread * rng.standard_normal())
    out = sample.seen[1] * (1 + sample.spread * rng.standard_normal())
    quanta = 3 if sample.emission else 2
    # The pump: near the driven mode, and such that the force is near the observed one.
    pump = own if sample.emission else out / 2 * (1 + 0.02 * rng.standard_normal())
    scale = 4.0 / out if not sample.emission else 3.0 / own  # a ps of a mode at 4 THz
    width = pump * rng.uniform(0.1, 0.22)
    stretch = rng.uniform(1.0, 2.0)
    power = rng.uniform(1.8, 2.4)  # 2: a Gaussian spectrum
    duration = 0.441 / width * stretch
    rates = {"driven": 1 / (scale * rng.uniform(0.8, 3.0)), "seen": 1 / (scale * rng.uniform(2, 6))}
    if sample.emission:
        rates["driven"] = 1 / (scale * rng.uniform(2, 6))
    splittings = rng.uniform(0.0, 0.08, 2)
    directions = rng.uniform(0, np.pi, 2)
    first = -1.5 * duration - scale
    last = scale * rng.uniform(8.0, 18.0)
    highest = quanta * pump if sample.emission else out
    step = 1 / (highest * rng.uniform(4.0, 8.0))
    times = np.arange(first, last, step)
    runs = _pumps(rng)
    grid_step = 1 / (24 * max(highest, out))
    count = 1 << int(np.ceil(np.log2((last - first + 12 * scale + 4 * duration) / grid_step)))
    grid = first - 2 * duration + grid_step * np.arange(count)
    fields = [_field(grid, pump, width, stretch, power, run, rng_plate) for run, rng_plate in
              zip(runs, _plates(rng, len(runs)), strict=True)]  # fmt: skip
    moved = [_response(grid, f, own, rates["driven"], splittings[0], directions[0]) for f in fields]
    mix = rng.uniform(0.0, 0.5)
    if mixed is None:  # from numbers of its own: records of earlier series stay as they were
        mixed = 2 * np.random.default_rng([21, seed]).normal()
    twin = 1 - 2 * rng.uniform(0.0, 0.35)
    signals, centres = [], []
    for f, z in zip(fields, moved, strict=True):
        z = z / max(np.abs(m).max() for m in moved)
        e = f / max(np.abs(m).max() for m in fields)
        if sample.emission:
            force = np.conj(z) ** 3 + mixed * np.abs(z) ** 2 * z
            third = _response(grid, force, out, rates["seen"], splittings[1], directions[1])
            signals.append((z, third))
        else:
            force = ((1 - mix) * z + mix * e) ** 2
            signals.append((_response(grid, force, out, rates["seen"], splittings[1],
                                      directions[1]),))  # fmt: skip
        acting = e if sample.emission else force
        power = np.cumsum(np.abs(acting) ** 2)
        centres.append(grid[np.searchsorted(power, 0.95 * power[-1])])
    weights = (1.0, rng.uniform(0.2, 0.8))
    tops = [max(np.abs(s[i]).max() for s in signals) for i in range(len(signals[0]))]
    artefact, leak, spike = rng.uniform(0.0, 1.5), rng.uniform(0.0, 0.5), rng.uniform(0.0, 2.0)
    leak *= np.exp(2j * np.pi * rng.uniform())
    noise = float(np.exp(rng.uniform(np.log(0.02), np.log(0.3))))
    unequal = np.exp(rng.uniform(-0.2, 0.2, 2))
    zero = 0.05 * duration * rng.standard_normal()
    turned = float(rng.uniform(0, 180))
    rows = []
    heat = [rng.uniform(-0.5, 0.5, 2), 1 / (scale * rng.uniform(1.0, 10.0))]
    for (label, *_), f, parts in zip(runs, fields, signals, strict=True):
        e = f / max(np.abs(m).max() for m in fields)
        motion = sum(
            w * p / t * (twin if not sample.emission else 1.0)
            for w, p, t in zip(weights, parts, tops, strict=False)
        )
        if kind == "still":
            motion = np.zeros_like(e)
        elif kind == "wrong":
            motion = np.conj(motion)
        if sample.emission:
            seen = motion + artefact * e
        else:
            seen = motion + artefact * e**2 + leak * e.real
        x = _at(grid, seen, times - zero)
        if sample.emission:
            channels = np.column_stack([x.real, x.imag])
        else:
            angles = np.deg2rad([turned, turned + 45])
            channels = np.column_stack(
                [x.imag * np.cos(2 * a) - x.real * np.sin(2 * a) for a in angles]
            )
        channels += spike * np.exp(-((times / (0.06 * scale)) ** 2))[:, None] * rng.normal(size=2)
        late = np.where(times > 0, np.exp(-heat[1] * np.clip(times, 0, None)), 0.0)
        channels += late[:, None] * heat[0]
        channels += rng.normal(size=2) + 0.15 * _drift(rng, len(times))
        channels += noise * unequal * rng.standard_normal(channels.shape)
        rows += [f"{t:.4f},{label},{a:.5f},{b:.5f}" for t, (a, b) in
                 zip(times, channels, strict=True)]  # fmt: skip
    # The window that is left out: where the experimentalist takes the pump to end.
    window = (-1.5 * duration, duration * rng.uniform(0.5, 1.6))
    rng.uniform(size=2)  # unused: records of earlier series stay as they were
    head = [
        f"# pump_frequency: {pump * (1 + 0.01 * rng.standard_normal()):.3f} THz",
        f"# bandwidth: {width * rng.uniform(0.9, 1.1):.3f} THz",
        "# probe: analyser, S0 = 0, S90 = 90"
        if sample.emission
        else f"# probe: balanced, fold {sample.fold}, S0 = {turned:.1f}, S90 = {turned + 45:.1f}",
        *(
            [f"# duration: {duration * rng.uniform(0.9, 1.1):.3f} ps"]
            if rng.uniform() < 0.7
            else []
        ),
        f"# exclude: {window[0]:.3f}, {window[1]:.3f}",
        "time_ps,pump,S0,S90",
    ]
    told = {}
    if sample.measured:
        told = {
            sample.driven[0]: round(own + 0.05 * rng.standard_normal(), 3),
            sample.seen[0]: round(out + 0.05 * rng.standard_normal(), 3),
        }
    lifetime = 1 / (rates["driven"] if sample.emission else rates["seen"])
    worst = max(splittings) if not sample.emission else float(splittings[0])
    return Record(
        seed, kind, sample, "\n".join(head + rows) + "\n", told, noise, float(worst),
        bool(max(centres) + lifetime <= last),
    )  # fmt: skip


def _pumps(rng: np.random.Generator) -> list[tuple[str, int, float]]:
    """Labels, spins and angles of the runs."""
    runs = [("σ+", 1, 0.0), ("σ-", -1, 0.0)]
    if rng.uniform() < 0.2:
        runs = runs[:1]
    if rng.uniform() < 0.3:
        runs += [("0 deg", 0, 0.0), ("30 deg", 0, 30.0)]
    return runs


def _plates(rng: np.random.Generator, count: int) -> list[tuple[float, float, float]]:
    """Errors of retardation and of two angles, in degrees: of one plate, set anew for each run."""
    common = 8 * rng.standard_normal()
    return [(common, 3 * rng.standard_normal(), 2 * rng.standard_normal()) for _ in range(count)]


def _field(grid, pump, width, stretch, power, run, plate) -> np.ndarray:
    """Ex + iEy of a chirped pulse behind its wave plate, with real Ex and Ey."""
    _, spin, angle = run
    retard, tilt, off = (np.deg2rad(x) for x in plate)
    f = np.fft.fftfreq(len(grid), grid[1] - grid[0])
    # Spectrum of the field: intensity FWHM `width`, a phase quadratic in frequency stretches it.
    away = (np.abs(f) - pump) / width
    shape = np.exp(-2 * np.log(2) * np.abs(away) ** power)
    chirp = 2 * np.log(2) * np.sqrt(stretch**2 - 1)
    line = shape * np.exp(1j * np.sign(f) * chirp * away**2)
    line *= np.exp(-2j * np.pi * f * (0.0 - grid[0]))
    if spin:
        # The fast axis is vertical to the slow one at ±45° from the polarisation.
        delay = (np.pi / 2) * np.abs(f) / pump + retard
        axis = spin * (np.pi / 4) + tilt
    else:
        delay = np.full(len(f), np.pi) + retard
        axis = np.deg2rad(angle) / 2 + off
    delay = np.sign(f) * delay
    c, s = np.cos(axis), np.sin(axis)
    along, across = c * line * np.exp(-0.5j * delay), -s * line * np.exp(0.5j * delay)
    ex = np.fft.ifft(c * along - s * across).real
    ey = np.fft.ifft(s * along + c * across).real
    return ex + 1j * ey


def _response(grid, force, frequency, rate, splitting, direction) -> np.ndarray:
    """z of a pair whose two directions have the frequencies f ± splitting/2, under a force.

    Each direction obeys q'' + 2γq' + (ω² + γ²) q = F.
    """
    turned = force * np.exp(-1j * direction)
    w = 2 * np.pi * np.fft.fftfreq(len(grid), grid[1] - grid[0])
    found = []
    for part, half in ((turned.real, 0.5), (turned.imag, -0.5)):
        own = 2 * np.pi * (frequency + half * splitting)
        found.append(np.fft.ifft(np.fft.fft(part) / (own**2 + rate**2 - w**2 + 2j * rate * w)).real)
    return (found[0] + 1j * found[1]) * np.exp(1j * direction)


def _at(grid, values, times) -> np.ndarray:
    return np.interp(times, grid, values.real) + 1j * np.interp(times, grid, values.imag)


def _drift(rng, count) -> np.ndarray:
    """Slow drifts of two channels: a few cosines over the record."""
    x = np.linspace(0, 1, count)[:, None]
    found = np.zeros((count, 2))
    for k in (0.5, 1.0, 1.5):
        found += rng.normal(size=2) / (1 + k) * np.cos(np.pi * k * x + rng.uniform(0, 7, 2))
    return found


# ---------------------------------------------------------------- what is said of them


@dataclass(frozen=True)
class Outcome:
    """What was said of a record."""

    seed: int
    kind: str
    sample: str
    easy: bool
    splitting: float
    noise: float
    words: tuple[str, ...]

    @property
    def false(self) -> bool:
        """A verdict against what is true."""
        wrong = {"lawful": {"inconsistent"}, "wrong": {"consistent"},
                 "still": {"consistent", "inconsistent"}}  # fmt: skip
        return bool(wrong[self.kind] & set(self.words))

    @property
    def right(self) -> bool:
        """The verdict that is true; of no motion none."""
        true = {"lawful": "consistent", "wrong": "inconsistent"}.get(self.kind)
        return not self.false and (true is None or true in self.words)


def judged(seed: int) -> Outcome:
    """Write the record of a seed, let the command judge it, and return what it said."""
    made = record(seed)
    answer = answer_of(made)
    words = tuple(v["verdict"] for v in answer["components"])
    return Outcome(
        seed, made.kind, f"{made.sample.name}, {made.sample.given}", made.easy,
        round(made.splitting, 4), round(made.noise, 3), words,
    )  # fmt: skip


def answer_of(made: Record, *options: str) -> dict:
    """Return the document that `symchiral validate --json` prints of a record."""
    from symchiral.cli import main

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "traces.csv").write_text(made.text, encoding="utf-8")
        structure, *more = made.sample.arguments
        arguments = ["validate", structure, str(folder / "traces.csv"), *more, *options]
        if made.frequencies:
            table = {"frequency_unit": "THz", "frequencies": made.frequencies}
            (folder / "f.json").write_text(json.dumps(table), encoding="utf-8")
            arguments += ["--frequencies", str(folder / "f.json")]
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            code = main([*arguments, "--json"])
    if code:
        raise AssertionError(f"record {made.seed}: validate ended with {code}")
    return json.loads(text.getvalue())


def run_many(seeds: Sequence[int], jobs: int) -> Iterator[Outcome]:
    """Judge the records of all seeds, in several processes.

    New processes: a fork has none of the threads that the numerical libraries of this one wait for.
    """
    if jobs == 1:
        yield from map(judged, seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(judged, seeds, chunksize=4)


def counts(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Return how often each class was judged how, all records and the easy ones."""
    found = {}
    for kind in CLASSES:
        for word, some in (("all", True), ("easy", False)):
            these = [o for o in outcomes if o.kind == kind and (some or o.easy)]
            found[f"{kind}, {word}"] = {
                "records": len(these),
                "right": sum(o.right for o in these),
                "undecided": sum(not (o.right or o.false) for o in these),
                "false": sum(o.false for o in these),
            }
    return found


def table(found: dict[str, dict[str, int]]) -> str:
    """The counts as Markdown."""
    rows = ["| records | number | right | undecided | false |", "|---|---|---|---|---|"]
    for name, row in found.items():
        rows.append(
            f"| {name} | {row['records']} | {row['right']} | {row['undecided']} | {row['false']} |"
        )
    return "\n".join(rows)


def missed(found: dict[str, dict[str, int]]) -> list[str]:
    r"""Return the goals that counts contradict.

    A number of false verdicts k of n contradicts the goal p if a command that is false with just
    that probability has k or more with a probability below :data:`CHANCE`,
    :math:`\\sum_{i \\ge k} \\binom ni p^i (1-p)^{n-i}`, and so for too few right ones. So a command
    that meets both goals, by however little, fails in one of five hundred series at most.
    """
    from scipy.stats import binom

    every = [found[f"{kind}, all"] for kind in CLASSES]
    easy = [found[f"{kind}, easy"] for kind in ("lawful", "wrong")]
    said = []
    n, k = (sum(row[key] for row in every) for key in ("records", "false"))
    if binom.sf(k - 1, n, FALSE) < CHANCE:
        said.append(f"{k} of {n} verdicts are false: more than {FALSE:.0%}")
    n, k = (sum(row[key] for row in easy) for key in ("records", "right"))
    if binom.cdf(k, n, RIGHT) < CHANCE:
        said.append(f"{k} of {n} easy records are judged rightly: less than {RIGHT:.0%}")
    return said


def main() -> int:
    """Judge records and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of the first record")
    parser.add_argument("--count", type=int, default=60, help="records of each class")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--result", type=Path, help="write the table as JSON, too")
    parser.add_argument("--outcomes", type=Path, help="write every outcome as JSON lines")
    parser.add_argument("--check", action="store_true", help="fail where a goal is missed")
    parser.add_argument("--show", type=int, metavar="N", help="print the answer on record N")
    options = parser.parse_args()
    if options.show is not None:
        made = record(options.show)
        truth = {k: v for k, v in asdict(made).items() if k != "text"}
        sys.stderr.write(f"{truth}\n")
        json.dump(answer_of(made), sys.stdout, indent=1, ensure_ascii=False)
        return 0
    seeds = range(3 * options.seed, 3 * (options.seed + options.count))
    outcomes = []
    for outcome in run_many(seeds, options.jobs):
        outcomes.append(outcome)
        if outcome.false:
            sys.stderr.write(f"false: {outcome}\n")
    found = counts(outcomes)
    sys.stdout.write(table(found) + "\n")
    for name, number in sorted(Counter(o.sample for o in outcomes if o.false).items()):
        sys.stdout.write(f"{number} false of {name}\n")
    if options.outcomes:
        options.outcomes.write_text("".join(json.dumps(asdict(o)) + "\n" for o in outcomes))
    if options.result:
        document = {"seed": options.seed, "count": options.count, "records": found}
        options.result.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    faults = missed(found) if options.check else []
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    return bool(faults)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
