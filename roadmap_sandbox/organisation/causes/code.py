"""Code that does not compile, or breaks the rules of a linter, formatter or type checker."""

from collections.abc import Mapping

from .cause import Cause

CAUSES: Mapping[str, Cause] = {
    "cargo-compile": Cause(
        "compile",
        "main",
        """
\x1b[1m\x1b[31merror[E0308]\x1b[0m\x1b[1m: mismatched types\x1b[0m
   --> agent/src/{module}.rs:{line}:18
    |
{line} |     let {aspect} = config.{aspect};
    |                    ^^^^^^^ expected `Duration`, found `u64`

For more information about this error, try `rustc --explain E0308`.
error: could not compile `agent` (lib) due to 1 previous error
""",
        101,
    ),
    "go-compile": Cause(
        "compile",
        "main",
        """
# github.com/acme/{repository}/internal/{module}
internal/{module}/server.go:{line}:{column}: undefined: new{Aspect}
internal/{module}/server.go:{amount}:14: too many arguments in call to open{Module}
""",
    ),
    "bundle": Cause(
        "compile",
        "main",
        """
vite v7.2.2 building client environment for production...
transforming...
\x1b[31m✗\x1b[39m Build failed in {small}.18s
\x1b[31merror during build:\x1b[39m Module not found: Error: Can't resolve './{aspect}' in 'src/{module}'
file: {work}/src/{module}/index.ts:{more}:9
""",
    ),
    "ruff": Cause(
        "lint_format",
        "main",
        """
{repository}/{module}.py:4:1: F401 [*] `decimal.ROUND_HALF_UP` imported but unused
{repository}/{module}.py:{line}:121: E501 Line too long (131 > 120)
{repository}/{module}.py:{line}:5: F841 Local variable `{aspect}` is assigned to but never used
Found 3 errors.
[*] 1 fixable with the `--fix` option.
""",
    ),
    "ruff-format": Cause(
        "lint_format",
        "main",
        """
All checks passed!
Would reformat: {repository}/{module}.py
Would reformat: tests/test_{module}.py
2 files would be reformatted, {seconds} files already formatted
""",
        fixable=True,
    ),
    "eslint": Cause(
        "lint_format",
        "main",
        """

{work}/src/{module}/{aspect}.tsx
  {line}:7   error    '{aspect}' is assigned a value but never used   @typescript-eslint/no-unused-vars
  {amount}:3  error    React Hook useEffect has a missing dependency  react-hooks/exhaustive-deps
  {amount}:11  warning  Unexpected console statement                   no-console

\x1b[31m\x1b[1m✖ 3 problems (2 errors, 1 warning)\x1b[22m\x1b[39m
""",
    ),
    "prettier": Cause(
        "lint_format",
        "main",
        """
Checking formatting...
[warn] src/{module}/{aspect}.ts
[warn] src/{module}/index.ts
[warn] Code style issues found in 2 files. Run Prettier with --write to fix.
""",
        fixable=True,
    ),
    "golangci": Cause(
        "lint_format",
        "main",
        """
internal/{module}/{aspect}.go:{line}:2: File is not properly formatted (gofumpt)
\t{aspect} := load()
\t^
internal/{module}/{aspect}.go:{amount}:9: Error return value of `file.Close` is not checked (errcheck)
2 issues:
* errcheck: 1
* gofumpt: 1
""",
        fixable=True,
    ),
    "mypy": Cause(
        "type_check",
        "main",
        """
{repository}/{module}.py:{line}: error: Argument "{aspect}" has incompatible type "str"; expected "Decimal"  [arg-type]
{repository}/{module}.py:{amount}: error: Item "None" of "Entry | None" has no attribute "{aspect}"  [union-attr]
Found 2 errors in 1 file (checked {seconds} source files)
""",
    ),
    "tsc": Cause(
        "type_check",
        "main",
        """
src/{module}/{aspect}.ts({line},{column}): error TS2345: Argument of type 'undefined' is not assignable to 'string'.
src/{module}/index.ts({more},9): error TS2339: Property '{aspect}' does not exist on type 'State'.
""",
        2,
    ),
}
