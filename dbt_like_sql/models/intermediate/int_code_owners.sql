-- Who owns what fails, by CODEOWNERS: of all lines that match a file the last one counts, and one without owners takes
-- the file out.
with files as (
    -- The pattern finds the file that a test or message begins with, as in marts.failure_owners_weekly.
    select
        failures.repo,
        regexp_extract(
            coalesce(nullif(failures.failed_tests[1], ''), failures.evidence, ''), '[A-Za-z0-9_.@/-]+\.[A-Za-z]{1,6}'
        ) as file
    from marts.ci_failures as failures
    union
    select failures.repo, failures.workflow_path as file
    from marts.ci_failures as failures
    union
    select episodes.repo, episodes.workflow_path as file
    from marts.red_episodes as episodes
), matched as (
    select files.repo, files.file, lines.line, lines.pattern, lines.owners, lines.is_catch_all, lines.html_url
    from files
    inner join raw.code_owners as lines
        on lines.repo = files.repo and regexp_matches(files.file, lines.file_regex)
    where files.file <> ''
    qualify row_number() over (partition by files.repo, files.file order by lines.line desc) = 1
)
select
    matched.repo,
    matched.file,
    array_to_string(matched.owners, ', ') as owner,
    matched.pattern,
    matched.is_catch_all,
    matched.html_url
from matched
where len(matched.owners) > 0
