"""A training as a script has it, for `benchmarks.kills`: begun with --output, or gone on with."""

import argparse

import retinue

parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["train"])
where = parser.add_mutually_exclusive_group(required=True)
where.add_argument("--output")
where.add_argument("--resume")
asked = parser.parse_args()
if asked.resume:
    retinue.train(resume=asked.resume, checkpoint_every=5)
else:
    retinue.train(
        "digits",
        model="fast",
        augment="light",
        epochs=60,
        hardest=0.6,
        threads=1,
        checkpoint_every=5,
        output=asked.output,
    )
