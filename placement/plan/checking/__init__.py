"""The parts of :mod:`placement.plan.checker`, one file per layer; written from models/README.md, sharing no code with the model."""
