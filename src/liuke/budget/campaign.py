"""What a whole campaign earns before any experiment exists, and win-back beside acquisition."""

from __future__ import annotations

from dataclasses import dataclass

from liuke.budget.remedies import PROSPECT_PRIOR, WIN_BACK_PRIOR


@dataclass(frozen=True, slots=True)
class Campaign:
    """A retention campaign in the aggregate.

    Parameters
    ----------
    customers : float
        N, customers in all.
    contacted : float
        α, share contacted.
    churn_rate : float
        β0, share of customers who would leave.
    lift : float
        λ, how much denser leavers are among those contacted.
    success : float
        γ, share of contacted leavers who stay.
    value : float
        CLV of a customer kept.
    incentive, contact_cost, fixed_cost : float
        δ, c and A, in money.
    """

    customers: float
    contacted: float
    churn_rate: float
    lift: float
    success: float
    value: float
    incentive: float
    contact_cost: float
    fixed_cost: float = 0.0


def campaign_profit(campaign: Campaign) -> float:
    """Return the expected profit of a campaign.

    Notes
    -----
    Π = Nα{ βγ(CLV − c − δ) − β(1 − γ)c − (1 − β)(c + δ) } − A with β = β0·λ. Those who would have stayed always take
    the incentive and nobody is harmed: a tool to size a campaign before there are experiments.

    References
    ----------
    .. [1] Neslin, S. et al. (2006). Defection detection. Journal of Marketing Research 43:204-211.

    Examples
    --------
    >>> round(campaign_profit(Campaign(100_000, .05, .08, 3, .3, 500, 20, 1, 2_000)))
    89800
    """
    beta = campaign.churn_rate * campaign.lift
    kept = beta * campaign.success * (campaign.value - campaign.contact_cost - campaign.incentive)
    refused = beta * (1 - campaign.success) * campaign.contact_cost
    needless = (1 - beta) * (campaign.contact_cost + campaign.incentive)
    return campaign.customers * campaign.contacted * (kept - refused - needless) - campaign.fixed_cost


def break_even_lift(campaign: Campaign, *, with_fixed_cost: bool = False) -> float:
    """Return the lift λ at which a campaign neither earns nor loses.

    Notes
    -----
    λ = (δ + c + A/(Nα)) / ([γ·CLV + δ(1 − γ)]·β0), A only if `with_fixed_cost`.
    """
    fixed = campaign.fixed_cost / (campaign.customers * campaign.contacted) if with_fixed_cost else 0.0
    gained = campaign.success * campaign.value + campaign.incentive * (1 - campaign.success)
    return (campaign.incentive + campaign.contact_cost + fixed) / (gained * campaign.churn_rate)


@dataclass(frozen=True, slots=True)
class WinBackBesideAcquisition:
    """Expected value per unit of money spent on selling to the lost and to prospects."""

    win_back: float
    acquisition: float

    @property
    def ratio(self) -> float:
        """How many times better win-back is."""
        return self.win_back / self.acquisition


def win_back_beside_acquisition(
    value: float,
    cost: float,
    *,
    win_back_success: float = WIN_BACK_PRIOR,
    prospect_success: float = PROSPECT_PRIOR,
) -> WinBackBesideAcquisition:
    """Return the net expected value per unit of money of win-back and of acquisition at the same cost.

    Notes
    -----
    (rate × value − cost) / cost; the starting rates are 1 in 4 and 1 in 16.

    Examples
    --------
    >>> win_back_beside_acquisition(800, 40)
    WinBackBesideAcquisition(win_back=4.0, acquisition=0.25)
    """
    return WinBackBesideAcquisition((win_back_success * value - cost) / cost, (prospect_success * value - cost) / cost)
