"""What limits a result, and what would decide what it leaves open, in sentences."""

from __future__ import annotations

from symchiral.traces.note import Note, NoteKind
from symchiral.traces.oscillation import LEAST_SEEN
from symchiral.traces.verdict import Advice
from symchiral.units import counted, frequency_text

_PLAIN: dict[NoteKind, str] = {
    "before-window": "rows between time zero and the pump window were left out as well",
    "empty-window": "the pump window removes nothing: no row lies in it; it counts from time zero",
    "sorted": "the times were out of order and have been sorted",
    "much-missing": "much of the trace is missing: frequencies may be ambiguous",
    "correlated-residuals": "neighbouring residuals are correlated: the model is incomplete or the "
    "noise is correlated; bootstrap intervals allow for it",
    "probe-geometry": "the channels differ by more than noise in a way that the stated probe "
    "geometry cannot make: check the probe angles",
    "inside-pump": "neither a pump window nor the duration of the pump is stated: what moves while "
    "the pump acts may look like a line; --exclude leaves it out",
    "all-reversed": "every line rotates opposite to the rule and would agree if all helicities "
    "were reversed: are the two channels or the pump polarisations swapped?",
    "no-circular-pump": "no run has a circular pump: no sense is predicted",
    "linear-pumps-only": "no run has a circular pump: the sense follows only from how the "
    "direction of motion depends on the angle of linear pumps",
    "one-channel": "the probe has one channel, which sees one projection of the motion: senses are "
    "open; frequencies, the pumps under which lines are seen and the angles of linear pumps are "
    "judged",
    "no-law-of-the-angle": "no mirror contains the axis and no two-fold axis is perpendicular to "
    "it: with losses a linear pump may make a mode rotate, so runs with linear pumps are not "
    "judged",
    "no-law-of-three": "products of three quanta of both spins act together under linear light: "
    "symmetry gives no law of its angle, so runs with linear pumps are not judged",
    "pump-unknown": "the frequency of the pump is not stated: only modes of known frequency limit "
    "what a force reaches in energy",
    "no-axis": "there is no axis of order three or more: circular light is not an eigenstate of "
    "any rotation, and no mode has a sense to predict",
}
"""What is said in one way."""


def note_text(note: Note, *, unit: str = "THz") -> str:
    """Return a limit of a result as a sentence; ``unit`` of its frequencies.

    Examples
    --------
    >>> note_text(Note("gaps", count=3, total=300))
    'left out, because they have gaps: 3 of 300 rows'
    """
    names = ", ".join(note.modes)
    rows = counted(note.count or 0, "row")
    at = "" if note.frequency is None else frequency_text(note.frequency, unit)
    match note.kind:
        case "gaps":
            return f"left out, because they have gaps: {note.count} of {note.total} rows"
        case "overruled":
            return f"{', '.join(note.keys)}: what was asked replaces what {note.file} says"
        case "lines-not-used":
            return f"{note.file} also states {', '.join(note.keys)}, which was not used"
        case "pump-of-field":
            left = (
                "" if note.start is None else f", and its rows until {note.start:.3g} ps left out"
            )
            return f"{note.file} holds the field: the pump at {at} is taken from it{left}"
        case "before-zero":
            return f"left out, before time zero: {rows}"
        case "repeated-times":
            return f"a time is repeated in {rows}; all of them count"
        case "saturated":
            return (
                f"in {rows} {note.channel} has exactly its {note.edge} value: a "
                "saturated detector distorts ellipses and produces overtones"
            )
        case "inside-response":
            return (
                f"the trace begins {note.start:.3g} ps after time zero, inside the instrument's "
                f"response of {note.response:.3g} ps: exclude it with the pump window"
            )
        case "onset":
            return (
                f"left out, because the motion sets in within the traces: the first {rows}, until "
                f"{note.start:.3g} ps; --exclude or the duration of the pump replaces this"
            )
        case "noise-line":
            return f"the line at {at} may be noise (false alarm probability {note.probability:.2g})"
        case "growing-line":
            return f"the oscillation at {at} grows: is the pump window excluded?"
        case "beyond-response":
            share = 100 * (note.share or 0.0)
            if share > 100 * LEAST_SEEN * (1 + 1e-9):
                return (
                    f"a response of {note.response:.3g} ps leaves {share:.1g} % of a motion at "
                    f"{at}: its amplitude rests on that width"
                )
            return (
                f"a response of {note.response:.3g} ps would leave {share:.1g} % of a motion at "
                f"{at}, or less: its amplitude is a lower limit; is the response shorter, or the "
                "line no motion?"
            )
        case "equal-line":
            where = ", ".join(frequency_text(f, unit) for f in note.others)
            return (
                f"a line at {where} would explain the trace about as well as that at "
                f"{at}: its intervals reach there"
            )
        case "at-bound":
            return (
                f"the {note.parameter} of the line at {at} lies at a bound that was stated: the "
                "traces alone would put it beyond"
            )
        case "interval-at-bound":
            return (
                f"the interval of the {note.parameter} of the line at {at} ends at a bound that "
                "was stated"
            )
        case "short-record":
            return (
                f"the record is shorter than one period of {names}: lines below "
                f"{at} cannot be seen in it"
            )
        case "coarse-steps":
            return (
                f"the steps of the times do not resolve {names}: lines above "
                f"{at} cannot be seen, and appear elsewhere if they are there"
            )
        case "fourth-order-not-listed":
            return f"channels of fourth order to {names} are too many and were not examined"
        case "frequencies-unknown":
            return (
                f"frequencies of {names} are not known: a line is assigned to a species and not to "
                "a mode, by activity and by what the pump reaches"
            )
        case "pump-spectrum":
            return _pump_text(note, unit)
        case "channels-left-out":
            return (
                "left out, further from resonance or forbidden: "
                f"{counted(note.count or 0, 'channel')}"
            )
    return _PLAIN[note.kind]


def _pump_text(note: Note, unit: str) -> str:
    """Where the field of a pump reaches, and how that is known."""
    assert note.band is not None
    low, high = note.band
    where = f"{frequency_text(low, unit)} to {frequency_text(high, unit)}"
    own = frequency_text(note.frequency or 0.0, unit)
    if note.source == "assumed":
        return (
            f"the bandwidth of the pump at {own} is not stated: it is taken to "
            f"reach ± 25 %, {where}"
        )
    return (
        f"by its {note.source} the field of the pump at {own} reaches {where} (5 % of its maximum)"
    )


def advice_text(advice: Advice, *, unit: str = "THz") -> str:
    """Return what would decide what is open as a sentence; ``unit`` of its frequencies.

    Examples
    --------
    >>> advice_text(Advice("average-line", 4.05))
    'average longer: the line at 4.05 THz may be noise'
    """
    where = (
        "" if advice.frequency is None else f"the line at {frequency_text(advice.frequency, unit)}"
    )
    match advice.kind:
        case "average-line":
            return f"average longer: {where} may be noise"
        case "tell-modes":
            return (
                f"distinguish {advice.mode} from {', '.join(advice.modes)} for {where}: another "
                "probe geometry or activity, or better known frequencies"
            )
        case "circular-pumps":
            return f"pump with circular light of both helicities: the sense of {where} is open"
        case "other-helicity":
            light = "σ+" if advice.helicity == "+" else "σ−"
            return f"add a run with {light}: what the pump drives must reverse, artefacts do not"
        case "linear-pumps":
            return (
                "add linear pumps at two angles, not 45° or 90° apart, and state them: the "
                f"direction of {advice.mode} must follow them in a way that gives the sense of "
                f"{where}"
            )
        case "average-sense":
            assert advice.times is not None
            times = f"{advice.times:.{0 if advice.times > 3 else 1}f}"
            return f"average about {times} times longer to measure the sense of {where}"
        case "last-longer":
            return (
                f"for {where}: a shorter pump, or a record that lasts several lifetimes beyond it: "
                "a mode rings on at its own frequency, the response to the field does not"
            )
        case "state-duration":
            return f"state the duration of the pump: it says for how long its field moves {where}"
        case "refute":
            return (
                f"what would refute the verdict on {where}: {advice.mode} with its sense unchanged "
                "when the wave plate is turned by 90°, or with another sense in a record that "
                "begins later"
            )
        case "check-senses":
            return (
                f"what would reverse the verdict on {where}: exchanged labels of σ+ and σ−, "
                "exchanged channels, the sign of one of them, or probe angles counted the other "
                "way; check them with a sample whose rotation is known"
            )
        case "check-helicity":
            return (
                f"what would reverse the verdict on {where}: a wave plate that was not turned "
                "between σ+ and σ−, or one run with the label of the other; else what moves it is "
                "not the spin of the light"
            )
        case "sweep-pump":
            return (
                f"{advice.count} channels ({', '.join(advice.mechanisms)}) explain {where}: "
                "symmetry cannot distinguish them; sweep the pump frequency, where a resonance "
                "with an incoming mode has the linewidth of that mode, and compare the delays with "
                "which the line rises"
            )
        case "second-channel":
            return f"add the other channel of the probe: it tells the sense of {where}"
        case "look-for-modes":
            return (
                f"look for {', '.join(advice.modes)}, outgoing modes of candidate channels: a "
                "longer record, or a probe that detects them"
            )
