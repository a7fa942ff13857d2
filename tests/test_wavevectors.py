"""Facts and behaviour away from the zone centre: honeycombs, MX2, screws, valleys, bad input.

Provenance: the honeycomb and MX2 rows are derived (spin and orbital phase of every site about three
axes) and agree with Zhang and Niu, PRL 115, 115502, and Zhu et al., Science 359, 579 (abstracts
read); the screw rows are derived from {E|c}g = exp(−i q·c) g.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from ase import Atoms

import symchiral as sc
from symchiral.cli import main
from symchiral.errors import WavevectorError
from symchiral.irreps.axis import find_axis

# l of (A+, A-, Az, B+, B-, Bz) at K, for the axis through the hexagon centre, A and B; positions of
# the standard setting, A at (1/3, 2/3), B at (2/3, 1/3), K = (1/3, 1/3, 0).
HONEYCOMB = {
    "0,0,1@0,0,0": (-1, 0, 1, 0, 1, -1),
    "0,0,1@1/3,2/3,0": (1, -1, 0, -1, 0, 1),
    "0,0,1@2/3,1/3,0": (0, 1, -1, 1, -1, 0),
}


def residues(name: str, axis: str, q: str) -> list[Fraction]:
    """Every l of every mode at q about an axis, sorted."""
    study = sc.read(name, axis=axis)
    found = []
    for species in study.species(q):
        for component in species.components:
            assert component.residue is not None
            width = component.basis.shape[1]
            found += [component.residue] * (width * species.count)
    return sorted(found)


@pytest.mark.parametrize("axis", HONEYCOMB)
@pytest.mark.parametrize("name", ["graphene_slab"])
def test_honeycomb_at_k(name: str, axis: str) -> None:
    table = HONEYCOMB[axis]
    assert residues(name, axis, "K") == sorted(map(Fraction, table))
    assert residues(name, axis, "K'") == sorted(Fraction(-x) for x in table)


def test_two_in_plane_modes_at_k_are_single_sublattice_circles() -> None:
    """About the hexagon centre A+ has l = −1 and B− has l = +1, alone: J = +1 and −1."""
    study = sc.read("graphene_slab")
    exact = {
        (str(c.residue), m.value)
        for s in study.species("K")
        for c, m in zip(s.components, s.motions, strict=True)
        if m.value
    }
    assert exact == {("-1", 1.0), ("1", -1.0)}


@pytest.mark.parametrize("axis", HONEYCOMB)
def test_monolayer_mx2_at_k(axis: str) -> None:
    """The five mirror-even modes have label multiplicities 1, 2, 2 about every axis.

    The single one is a chalcogen circle, the metal at rest: clockwise with M at (1/3, 2/3).
    """
    study = sc.read("MoS2_monolayer_slab", axis=axis)
    mirror = next(
        g
        for g, operation in enumerate(study.crystal.group.standard_operations)
        if operation.type == -2 and operation.direction == (0, 0, 1)
    )
    counts: dict[Fraction, int] = {}
    single = []
    for species in study.species("K"):
        matrix = species.participant.matrices[mirror, species.arm]
        if matrix[0, 0].real < 0:
            continue
        for component, motion in zip(species.components, species.motions, strict=True):
            assert component.residue is not None
            counts[component.residue] = counts.get(component.residue, 0) + species.count
            single.append((species.count, dict(motion.site_words())))
    assert sorted(counts.values()) == [1, 2, 2]
    places = {
        s.element: study.crystal.frame.point(
            study.crystal.primitive.positions[s.atoms[0]], to="standard", source="primitive"
        )
        for s in study.crystal.sites
    }
    clockwise = abs((places["S"] - places["Mo"])[0] % 1 - 1 / 3) < 1e-6
    alone = next(words for count, words in single if count == 1)
    assert alone == {"S": "must -" if clockwise else "must +"}


def test_screw_line_is_l0_plus_s_u() -> None:
    te = sc.read("Te_P3121")
    assert te.axis is not None
    assert te.axis.screw == 1
    assert [s.components[0].pam for s in te.species("DT(u)")] == ["u", "1+u", "-1+u"]
    assert [s.components[0].pam for s in te.species("0,0,1/4")] == ["1/4", "5/4", "-3/4"]
    mirror = sc.read("Te_P3221")
    assert mirror.axis is not None
    assert mirror.axis.screw == -1
    assert [s.components[0].pam for s in mirror.species("DT(u)")] == ["-u", "1-u", "-1-u"]


SCREWS = ["Te_P3121", "Te_P3221", "AuF3", "AuF3_P6522", "ZnO", "TeO2_alpha", "Al2S3"]


@pytest.mark.parametrize("name", SCREWS)
def test_connection_across_the_zone_boundary(name: str) -> None:
    """Past u = 1/2 a branch is at u − 1 with l₀ + s there: l itself is continuous."""
    study = sc.read(name)
    assert study.axis is not None
    n, s = study.axis.order, study.axis.screw
    assert s
    assert study.axis.turn.uvw[:2] == (0, 0)
    up = study.axis.turn.uvw[2]  # u counts along the axis, which may be −c of the standard cell
    below, above = (
        [
            component.residue
            for species in study.species(f"0,0,{up * u}")
            for component in species.components
            for _ in range(species.count * component.basis.shape[1])
        ]
        for u in (Fraction(49, 100), Fraction(51, 100))
    )
    assert len(below) == len(above) == 3 * len(study.crystal.primitive)
    assert sorted((x + s) % n for x in below) == sorted(x % n for x in above)


def test_verdicts_do_not_move_with_the_axis() -> None:
    counts = []
    for axis in HONEYCOMB:
        book = sc.read("graphene_slab", axis=axis).rules(q="K K K")
        allowed = {
            tuple(sorted((leg.participant.names, leg.copy) for leg in rule.channel.coupling))
            for rule in book
        }
        counts.append((book.counts()["judged"], book.counts()["allowed"], allowed))
    assert counts[0][2] == counts[1][2] == counts[2][2]


def test_pam_alone_would_allow_what_the_group_forbids() -> None:
    rule = sc.read("MoS2_monolayer_slab").explain("K5@K K5@K -> K6@K'")
    assert rule.verdict == "forbidden"
    assert rule.umklapp is not None
    assert rule.reason.kind == "parity"


@pytest.mark.parametrize(
    ("name", "q", "allowed"),
    [
        # 4₂ and 6₃ at the end of the zone, where U is that of the true rotation in them; 2₁, 3₁
        ("PdS", "Z Z GM", 30),
        ("ZnO", "A A GM", 34),
        ("Te_P3121", "A A GM", 15),
        ("Te_highpressure_P21", "Z Z GM", 6),
    ],
)
def test_there_is_a_number_of_umklapp_where_pam_is_conserved_and_only_there(
    name: str, q: str, allowed: int
) -> None:
    book = sc.read(name).rules(q=q)
    assert book.axis is not None
    found = {"allowed": 0, "broken": 0}
    for rule in book.everything:
        legs = list(rule.channel.coupling)
        pams = [Fraction(str(leg.component.pam)) * (-1 if leg.outgoing else 1) for leg in legs]
        conserved = sum(pams) % book.axis.order == 0
        assert (rule.umklapp is not None) == conserved, rule
        assert (
            "PAM conserved" in rule.explain() or "conserved with" in rule.explain()
        ) == conserved
        assert conserved or not rule.allowed
        found["allowed"] += rule.allowed
        found["broken"] += not conserved
    assert found["broken"] > 0
    assert found["allowed"] == allowed


def test_momentum_umklapp_is_reported() -> None:
    record = sc.read("Te_P3121").rules(q="0,0,1/3 0,0,1/3 0,0,1/3")[0].to_record()
    assert record["momentum_umklapp"] == [0, 0, 1]
    rule = sc.read("graphene_slab").explain("K5(+)@K -> E2g(+)")
    assert (rule.verdict, rule.reason.kind) == ("forbidden", "momentum")
    assert rule.to_record()["momentum_umklapp"] is None


def test_no_common_axis_still_gives_verdicts() -> None:
    book = sc.read("Si").rules(q="L L GM")
    assert book.axis is None
    assert len(book) == 6
    assert {rule.pam_sense for rule in book} == {"undefined"}


def test_states_known_by_pam_alone() -> None:
    """Intervalley scattering of carriers with l_c at K and K' by a K phonon: l_i = l_f + l_q."""
    study = sc.read("MoS2_monolayer_slab")
    judged = 0
    for species in study.species("K'"):
        (component,) = species.components
        assert component.residue is not None
        for initial in (-1, 0, 1):
            for final in (-1, 0, 1):
                leg = f"{species.label}@K'"
                rule = study.explain(f"c[{initial}]@K -> c[{final}]@K' {leg}")
                # K = −K' − K' needs K + K + K = G, so the phonon leaves at K' = −2K … = K.
                conserved = (initial - final - component.residue) % 3 == 0
                assert (rule.verdict == "allowed") == conserved
                assert rule.necessary_only
                judged += 1
                if conserved:
                    assert "necessary, not sufficient" in rule.explain()
                else:
                    assert rule.reason.kind == "pam"
    assert judged == 54


def test_a_state_must_lie_on_an_axis() -> None:
    with pytest.raises(sc.SymchiralError, match="no pseudo-angular momentum"):
        sc.read("Si").explain("c[0]@L -> T2g(+) c[0]@L")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "graphene_slab", "--q", "K K M"], "crystal momentum is not conserved"),
        (["predict", "graphene_slab", "--q", "K K Kx"], "no wavevector"),
        (["predict", "graphene_slab", "--q", "0,0,1/0 GM GM"], "is not a wavevector"),
        (["predict", "graphene_slab", "--q", "0,0,x GM GM"], "is not a wavevector"),
        (["predict", "graphene_slab", "--q", "K K"], "at least three"),
        (["predict", "graphene_slab", "--q", ""], "wavevector"),
        (["show", "graphene_slab", "--q", "Q9"], "not a wavevector"),
        (["explain", "graphene_slab", "K7@K K5(+)@K -> K1@K'"], "no species"),
        (["explain", "graphene_slab", "c[x]@K -> c[0]@K"], "not a pseudo-angular momentum"),
    ],
)
def test_bad_wavevectors_are_named(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert not out
    assert words in err
    assert "Traceback" not in err


PRIMITIVE = {
    "Bi2Se3": "a' = (2a+b+c)/3 = (2.071, 1.196, 9.545) Å",
    "Si": "a' = (b+c)/2 = (0, 2.715, 2.715) Å",
    "graphene_slab": "a = (2.464, 0, 0) Å, b = (-1.232, 2.134, 0) Å, c = (0, 0, 20) Å, which is",
}


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        # T = (0, 0, 3/2) and X = (0, 1, 0) in the conventional cells
        ("Bi2Se3", "0,0,3/4 0,0,3/4 T", "1/4,1/4,1/4 1/4,1/4,1/4 T"),
        (
            "Bi2Se3",
            "T 0,0,1/2-u 0,0,1+u",
            "T 1/6-1/3u,1/6-1/3u,1/6-1/3u 1/3+1/3u,1/3+1/3u,1/3+1/3u",
        ),
        ("Si", "0,1/2,0 X 0,1/2,0", "1/4,0,1/4 X 1/4,0,1/4"),
        ("Si", "0,1/3,0 X 0,1/3,0", None),
        ("Bi2Se3", "0,0,1/5 0,0,1/5 0,0,1/5", None),
        ("graphene_slab", "1/3,1/3,0 1/3,1/3,0 GM", None),
    ],
)
def test_coordinates_that_do_not_close_meet_the_primitive_cell(
    name: str, written: str, meant: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", name, "--q", written]) == 1
    err = capsys.readouterr().err
    assert PRIMITIVE[name] in err
    assert ("Read in the input cell they do" in err) == (meant is not None)
    if meant is not None:
        assert f'write "{meant}".' in err
        assert main(["predict", name, "--q", meant]) == 0


def test_coordinates_of_a_primitive_input_may_be_meant_in_the_standard_cell() -> None:
    crystal = sc.read("Si").crystal.primitive
    atoms = Atoms(
        crystal.numbers.tolist(), scaled_positions=crystal.positions, cell=crystal.cell, pbc=True
    )
    with pytest.raises(WavevectorError, match="Read in the standard cell they do") as caught:
        sc.read(atoms).rules(q="0,1/2,0 X 0,1/2,0")
    assert "which is the input cell" in caught.value.fix
    assert sc.read(atoms).rules(q=caught.value.fix.split('"')[1])


def test_names_that_do_not_close_need_no_cell() -> None:
    with pytest.raises(WavevectorError) as caught:
        sc.read("Si").rules(q="LD(u) LD(u) GM")
    assert caught.value.fix == "the last one must be -2u,-2u,-2u or an equivalent"


def test_integers_close_in_every_cell(capsys: pytest.CaptureFixture[str]) -> None:
    """Twice (0, 0, 3/2) closes whatever cell it is meant in: the table names the cell."""
    assert main(["predict", "Bi2Se3", "--q", "0,0,3/2 0,0,3/2 GM"]) == 0
    assert "basis of the primitive cell a' = (2a+b+c)/3" in capsys.readouterr().out
    for name, q in (("Bi2Se3", "T T GM"), ("graphene_slab", "1/3,0,0 -1/3,0,0 GM")):
        assert main(["predict", name, "--q", q]) == 0
        assert "primitive cell" not in capsys.readouterr().out


@pytest.mark.parametrize("text", ["K K K", "K K' GM", "K -K GM", "LD(u) LD(-u) GM", "star"])
def test_commands(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "graphene_slab", "--q", text]) == 0
    assert "graphene" not in capsys.readouterr().err
    if text != "star":
        assert main(["show", "graphene_slab", "--q", text]) == 0
        assert "K" in capsys.readouterr().out or "LD" in text


def test_the_axis_follows_its_point() -> None:
    study = sc.read("graphene_slab")
    line = find_axis(study.crystal, "0,0,1@1/3,2/3,0")
    assert line is not None
    assert (line.order, line.point) == (3, (Fraction(1, 3), Fraction(2, 3), Fraction(0)))
    with pytest.raises(sc.SymchiralError, match="nearest"):
        find_axis(study.crystal, "0,0,1@0.2,0.1,0")
