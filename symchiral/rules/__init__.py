"""Selection rules of a group and of a crystal, made with the engine.

`group_rules` lists the channels of a group with their verdicts; `rulebook` has the rules of a
crystal, `rule` one of them with the motion of its atoms and the light that drives or detects it.
`light` and `allowance` judge processes of light, `resonance` compares the frequencies of actual
modes, `grammar` reads transfers. Start with `rulebook`.
"""
