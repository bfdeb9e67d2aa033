"""Merges: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import MERGE, Kind

KINDS = [
    Kind(
        MERGE,
        "git_checkout",
        "git merge --no-ff origin/main",
        "Auto-merging src/area.py\nCONFLICT (content): Merge conflict in src/area.py\nAutomatic merge failed; fix"
        " conflicts and then commit the result.",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git pull --ff-only",
        "hint: Diverging branches can't be fast-forwarded, you need to either:\nfatal: Not possible to fast-forward,"
        " aborting.",
        "Not possible to fast-forward",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git rebase origin/main",
        "error: could not apply 1a2b3c4... area: round up\nhint: Resolve all conflicts manually, mark them as resolved"
        " with",
        "could not apply",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git merge upstream/main",
        "error: Merging is not possible because you have unmerged files.\nfatal: Exiting because of an unresolved"
        " conflict.",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git merge origin/main",
        "error: Your local changes to the following files would be overwritten by merge:\n\tsrc/a.py",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "git cherry-pick abc",
        "error: could not apply 1a2b3c4... fix\nCONFLICT (modify/delete): a.py deleted in HEAD",
        "",
    ),
    Kind(
        MERGE,
        "git_checkout",
        "actions/checkout@v5",
        "##[error]fatal: couldn't find remote ref refs/pull/9/merge\n##[error]The process '/usr/bin/git' failed with"
        " exit code 128",
        "",
    ),
    Kind(MERGE, "git_checkout", "git merge x", "fatal: refusing to merge unrelated histories", ""),
    Kind(
        MERGE,
        "git_checkout",
        "git rebase main",
        "CONFLICT (content): Merge conflict in a.py\nerror: could not apply aaaaaaa... b",
        "",
    ),
]
