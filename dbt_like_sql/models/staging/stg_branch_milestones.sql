-- The milestone that a branch's name stands for.
select b.repo, b.branch, b.milestone, b.rule
from derived.branch_milestones as b
