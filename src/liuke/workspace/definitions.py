"""What a company defines about itself, read from `liuke.toml` and checked before anything runs.

Everything has a default, so an empty file is a valid one. Names of sections and keys are those of the file.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from liuke.kernel.errors import InvalidInput

Industry = Literal["telecom", "retail", "express", "bank", "property", "saas"]
Share = Annotated[float, Field(ge=0, le=1)]


class DefinitionsInvalid(InvalidInput):
    """`liuke.toml` is not TOML, or a value in it is not acceptable."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Section):
    """Who the company is."""

    name: str = ""
    industry: Industry = "retail"
    language: Literal["zh", "en"] = "zh"
    currency: str = Field(default="CNY", pattern="^[A-Z]{3}$")
    time_zone: str = "Asia/Shanghai"

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; write one such as Asia/Shanghai") from error
        return value


class Churn(_Section):
    """When a customer counts as lost, and how far ahead we look."""

    kind: Literal["auto", "contractual", "non_contractual"] = "auto"
    grace_days: int = Field(default=30, ge=0, le=365)
    tail: float = Field(default=0.05, gt=0, lt=0.5)
    lead_days: int = Field(default=14, ge=0, le=180)
    horizon_days: int = Field(default=90, ge=7, le=730)
    ceiling: Share = 0.03


class WarningCuts(_Section):
    """Cut points of the three axes; `risk` as multiples of the base rate where not given as probabilities."""

    risk_mid: float | None = Field(default=None, gt=0, lt=1)
    risk_high: float | None = Field(default=None, gt=0, lt=1)
    value_mid: Share = 0.5
    value_high: Share = 0.8
    urgency_mid: Share = 0.45
    urgency_high: Share = 0.52


class Tier(_Section):
    """One tier by future value."""

    zh: str
    en: str


class Tiers(_Section):
    """At most five tiers, cut by the cumulative share of future value (S2-68, S2-69)."""

    names: tuple[Tier, ...] = (
        Tier(zh="关键客户", en="key"),
        Tier(zh="主要客户", en="main"),
        Tier(zh="普通客户", en="ordinary"),
        Tier(zh="小客户", en="small"),
    )
    cut_points: tuple[Share, ...] = (0.5, 0.8, 0.95)

    @model_validator(mode="after")
    def _fit_together(self) -> Tiers:
        if not 1 <= len(self.names) <= 5:
            raise ValueError("there may be one to five tiers")
        if len(self.cut_points) != len(self.names) - 1:
            raise ValueError(f"{len(self.names)} tiers need {len(self.names) - 1} cut points")
        if list(self.cut_points) != sorted(set(self.cut_points)):
            raise ValueError("cut points must rise")
        return self


class Policy(_Section):
    """Which tier × reason policy decides (S0-36 is `mobile`, S2-36 is `lecture`)."""

    preset: Literal["lecture", "mobile"] = "lecture"
    stance: Literal["attack", "defend", "retreat"] = "defend"


class Remedy(_Section):
    """One thing the company can do for a customer; replaces the industry's remedy of the same code."""

    code: str = Field(pattern="^[a-z][a-z0-9_]*$")
    zh: str
    en: str
    level: Literal["financial", "social", "structural"]
    contact_cost: float = Field(ge=0)
    incentive: float = Field(default=0, ge=0)
    minutes: float = Field(default=0, ge=0)
    capacity: int | None = Field(default=None, ge=0)
    channels: tuple[str, ...] = ("sms",)
    reasons: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ("utmost", "best")
    success_prior: Share = 0.25


class Budget(_Section):
    """What may be spent on one plan; without an amount, a share of the value at risk."""

    amount: float | None = Field(default=None, ge=0)
    share_of_value_at_risk: Share = 0.05
    staff_hours: float = Field(default=160, ge=0)


class Contact(_Section):
    """When and how often customers may be spoken to (decision.md 10)."""

    quiet_from: int = Field(default=21, ge=0, le=24)
    quiet_to: int = Field(default=9, ge=0, le=24)
    days_between_same_channel: int = Field(default=7, ge=0)
    most_in_30_days: int = Field(default=3, ge=0)
    most_offers_in_90_days: int = Field(default=2, ge=0)
    cool_down_days: int = Field(default=60, ge=0)
    days_between_waves: int = Field(default=7, ge=1)


class Value(_Section):
    """How money in the future is counted."""

    margin_rate: Share = 0.3
    annual_discount_rate: float = Field(default=0.1, ge=0, le=1)
    value_horizon_days: int = Field(default=730, ge=30, le=3650)
    referral_share: Share = 0.2


class Holdout(_Section):
    """The random share of customers kept out of all offers, so that the work can be proved."""

    share: float = Field(default=0.1, ge=0, le=0.5)


class Limits(_Section):
    """What the engine may use of the machine."""

    threads: int | None = Field(default=None, ge=1)
    memory_limit: str | None = Field(default=None, pattern=r"^\d+(\.\d+)? ?(MB|GB|MiB|GiB)$")


class Definitions(_Section):
    """Everything a company defines, one attribute a section of `liuke.toml`."""

    company: Company = Company()
    churn: Churn = Churn()
    warning: WarningCuts = WarningCuts()
    value: Value = Value()
    tiers: Tiers = Tiers()
    policy: Policy = Policy()
    remedies: tuple[Remedy, ...] = ()
    budget: Budget = Budget()
    contact: Contact = Contact()
    holdout: Holdout = Holdout()
    limits: Limits = Limits()

    @property
    def hash(self) -> str:
        """SHA-256 of what decides a result: everything but the machine's limits."""
        text = json.dumps(self.model_dump(mode="json", exclude={"limits"}), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_definitions(path: Path) -> Definitions:
    """Return the definitions in the TOML file at `path`.

    Raises
    ------
    DefinitionsInvalid
        If it cannot be read, is not TOML, or holds a wrong value; names the key, the value and what is allowed.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return Definitions.model_validate(content)
    except OSError as error:
        raise DefinitionsInvalid(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionsInvalid(f"{path} is not a TOML file in UTF-8: {error}") from error
    except ValidationError as error:
        raise DefinitionsInvalid("\n".join(_sentences(path, error))) from error


def _sentences(path: Path, error: ValidationError) -> list[str]:
    problems = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        given = problem.get("input")
        shown = f" (it says {given!r})" if isinstance(given, str | int | float | bool) else ""
        why = "there is no such key" if problem["type"] == "extra_forbidden" else problem["msg"]
        problems.append(f"{path.name}: {where}{shown}: {why.removeprefix('Value error, ')}")
    return problems
