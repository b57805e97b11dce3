"""What a customer is worth from now on, how sure that is, and the few tiers that follow from it.

Modules
-------
summary
    `create_summary`: frequency, recency, T and monetary_value per customer, refunds by a stated rule.
beta_geometric, gamma_gamma, shifted_beta_geometric
    `BetaGeometric` (BG/NBD and MBG/NBD), `GammaGamma`, `ShiftedBetaGeometric`.
discounting
    `present_value`, `margin_multiple`, `lifetime_value`, `referral_value`.
facts
    `create_value_facts`: the parts of value per customer as known on a day.
value
    `without_contract`, `with_contract`, `referral_credit`: residual lifetime value.
tiers
    `tiers_by_value`, `concentration`, `tier_table`, `past_beside_future`.
"""
