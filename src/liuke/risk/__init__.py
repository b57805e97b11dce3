"""What will happen: who is likely to be lost, how soon, how sure we are, and how good such a warning has been.

`early_warning.EarlyWarning` learns from past days, is calibrated on a later one and tested on a later one still, and
is used only where it beats the simple baselines; `levels` turns its probability into three axes and four colours;
`indicators`, `weights` and `audit` are the scoring-indicator system, for those who want rules they can read;
`evaluation`, `profit`, `intervals`, `calibration`, `drift` and `horizon` work on plain arrays.
"""
