"""Policies: text -> model -> checks and tests -> the form that the data plane decides with -> decision with reasons.

nac.policy.load.load(path)             reads, checks and tests files -> CheckedPolicy
nac.policy.compile.compile_policy(...) makes the native form for the dialects in use -> CompiledPolicy
nac.policy.reference.decide(...)       says slowly and plainly what a policy means
"""
