select weeks.repo, weeks.week
from marts.ci_weekly as weeks
where weeks.runs <> weeks.conclusive_runs + weeks.void_runs + weeks.pending_runs
    or weeks.conclusive_runs <> weeks.passed_runs + weeks.failed_runs
    or weeks.autofix_attempts < weeks.autofix_fixed + weeks.autofix_failed
