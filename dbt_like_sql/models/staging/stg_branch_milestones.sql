-- The milestone that a branch's name stands for.
select branch_milestones.repo, branch_milestones.branch, branch_milestones.milestone, branch_milestones.rule
from derived.branch_milestones as branch_milestones
