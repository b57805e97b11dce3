"""How fast, in how much memory: every figure beside a lower bound measured in the same run (`make bench`)."""

from __future__ import annotations
