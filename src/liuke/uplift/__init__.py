"""What we can change: who stays because of us, found and proved against customers left alone.

Modules
-------
holdout
    `draws`, `draw_holdout`: who is kept out of all offers, the same on every run.
effect
    `wilson`, `difference`, `stratified_difference`, `sample_ratio`, `sample_size`, `power`, `policy_value`.
learners
    `TLearner`, `DoublyRobustLearner`, `doubly_robust_scores`, `average_effect`.
ranking
    `ranking_curve`: Qini and uplift curve of a score, one stated definition.
cells
    `success_rate`, `shrunken_effects`: what a remedy does per tier and reason, when cases are few.
"""
