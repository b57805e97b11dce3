"""What to do with the budget: policy, remedies, profit of a contact, allocation, letting go, contact plan.

Modules: `allocation` (offers under a budget and capacities), `policy` (tier × reason), `remedies` (what can be
done and what it costs), `gain` (profit lift of a sequence of contacts), `campaign` (profit of a whole campaign),
`letting_go` (whom not to keep), `contact` (rules of contact), `contact_plan` (the three waves).
"""
