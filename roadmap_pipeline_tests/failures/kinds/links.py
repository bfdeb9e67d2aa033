"""Links: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import LINKS, Kind

KINDS = [
    Kind(
        LINKS,
        "compile",
        "mkdocs build --strict",
        "INFO    -  Building documentation\nWARNING -  Doc file 'guide.md' contains a link 'instal.md', but the"
        " target is"
        " not found among documentation files.\n\nAborted with 1 warnings in strict mode!",
        "instal.md",
    ),
    Kind(
        LINKS,
        "compile",
        "sphinx-build -W --keep-going docs out",
        "/home/runner/work/acme/docs/use.rst:14: WARNING: undefined label: 'quickstart' [ref.ref]\nbuild finished with"
        " problems, 1 warning (with warnings treated as errors).",
        "undefined label",
    ),
    Kind(
        LINKS,
        "compile",
        "hugo --minify",
        'ERROR [en] REF_NOT_FOUND: Ref "setup.md": "/content/docs/_index.md:9:3": page not found\nError: error'
        " building site: logged 1 error(s)",
        "REF_NOT_FOUND",
    ),
    Kind(
        LINKS,
        "compile",
        "npx antora --log-failure-level=warn site.yml",
        "[10:00:00.000] ERROR (asciidoctor): target of xref not found: setup.adoc\n    file: docs/modules/ROOT/pages/"
        "index.adoc",
        "target of xref not found",
    ),
    Kind(
        LINKS,
        "lint_format",
        "bundle exec htmlproofer ./_site",
        "Running 3 checks (Images, Links, Scripts) on 40 files...\n* At ./_site/index.html:12:\n\n  internally"
        " linking to"
        " /setup, which does not exist\n\nHTML-Proofer found 1 failure!",
        "",
    ),
    Kind(
        LINKS,
        "lint_format",
        "npx remark . --frail",
        "README.md\n12:3-12:20 warning Cannot find heading for `#setup` in `README.md` missing-heading"
        " remark-validate-links\n\n⚠ 1 warning",
        "Cannot find heading",
    ),
    Kind(
        LINKS,
        "compile",
        "sphinx-build -W docs out",
        "docs/a.rst:3: WARNING: py:class reference target not found: acme.Foo [ref.class]\nbuild finished with"
        " problems, 1 warning (with warnings treated as errors).",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "npm run docs",
        "[ERROR] Docusaurus found broken links!\n- Broken link on source page path = /a:\n   -> linking to /b",
        "",
    ),
    Kind(LINKS, "compile", "cargo doc", "error: unresolved link to `Foo`\n --> src/lib.rs:1:5", ""),
    Kind(
        LINKS,
        "compile",
        "zola build",
        "ERROR Failed to build the site\nERROR Broken relative link `@/x.md` in a.md",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "doxygen",
        "/w/a.h:3: error: unable to resolve reference to 'foo' for \\ref command (warning treated as error, aborting"
        " now)",
        "",
    ),
    Kind(LINKS, "lint_format", "mdbook-linkcheck -s", "error: File not found: ch2.md\n  ┌─ ch1.md:3:5", ""),
    Kind(
        LINKS,
        "compile",
        "mkdocs build -s",
        "WARNING -  Doc file 'a.md' contains an unrecognized relative link './b', it was left as is.\nAborted with 1"
        " warnings in strict mode!",
        "",
    ),
    Kind(
        LINKS,
        "compile",
        "sphinx-build -W a b",
        "WARNING: unknown document: 'foo' [ref.doc]\nWarning, treated as error:",
        "",
    ),
    Kind(LINKS, "compile", "npx vitepress build docs", "build error:\n[vitepress] 2 dead link(s) found.", ""),
    Kind(
        LINKS,
        "lint_format",
        "lychee .",
        "[404] https://example.com/a | Network error: Not Found\n🔍 9 Total ✅ 8 OK 🚫 1 Error",
        "",
    ),
    Kind(
        LINKS,
        "lint_format",
        "sphinx-build -b linkcheck . o",
        "(   a: line 3) broken    https://example.com/x - 404 Client Error: Not Found for url",
        "",
    ),
]
