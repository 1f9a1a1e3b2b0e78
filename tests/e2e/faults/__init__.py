"""Everything that can break does, in a seeded order, while people work; then what was accepted is looked for everywhere.

`python -m tests.e2e.faults --faults 100 --seed 7` runs it by itself. `stack` brings a stack whose parts can be broken exactly,
`patched` holds what makes that possible without a line in the product, `kinds` are the faults, `work` is what people do meanwhile,
`found` and `verdict` say what became of it, `run` puts it together.
"""
