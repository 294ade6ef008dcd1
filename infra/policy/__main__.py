"""The policy pack: `pulumi preview --policy-pack infra/policy`, and `up` the same."""

from __future__ import annotations

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

# The pack is started as a directory: where `infra` is a package is not on the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.policy.marks import hide_secrets
from infra.policy.rules import RULES

hide_secrets()
PolicyPack(
    "supamig",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(
            name=rule.name, description=rule.description, validate=rule.validate
        )
        for rule in RULES
    ],
)
