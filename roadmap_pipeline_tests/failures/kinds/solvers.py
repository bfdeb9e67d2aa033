"""Solvers of dependencies: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import SOLVER, Kind

KINDS = [
    Kind(
        SOLVER,
        "dependency_install",
        "cabal build all",
        "Resolving dependencies...\nError: [Cabal-7107]\nCould not resolve dependencies:\n[__0] trying: acme-0.1"
        " (user goal)\n[__1] rejecting: base-4.18.0.0 (conflict: acme => base>=4.19)",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "cabal v2-build",
        "cabal: Could not resolve dependencies:\n[__0] trying: acme-0.1 (user goal)\n[__1] unknown package: warpish",
        "Could not resolve dependencies",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "stack build --test",
        "Error: [S-4804]\n       Stack failed to construct a build plan.\n\n       While constructing the build plan,"
        " Stack"
        " encountered the following errors.",
        "construct a build plan",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install . --deps-only",
        "[ERROR] Package conflict!\n  * Missing dependency:\n    - ocaml >= 5.3\n      unmet availability"
        " conditions\n\n"
        "No solution found, exiting",
        "Package conflict",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install . --deps-only",
        '[ERROR] The compilation of zarith.1.14 failed at "./configure".\n\n#=== ERROR while compiling zarith.1.14'
        " ====#\n# lib/gmp.c:3:10: fatal error: gmp.h: No such file or directory",
        "The compilation of",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mamba-org/setup-micromamba@v2",
        "error    libmamba Could not solve for environment specs\n    The following package could not be installed\n"
        "    └─ python 3.16**  does not exist (perhaps a typo or a missing channel).\ncritical libmamba Could not solve"
        " for environment specs\n##[error]The process '/usr/bin/bash' failed with exit code 1",
        "Could not solve for environment specs",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mix test",
        "Unchecked dependencies for environment test:\n* jason (Hex package)\n  the dependency is not available, run"
        ' "mix deps.get"\n** (Mix) Can\'t continue due to errors on dependencies',
        "errors on dependencies",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "dart pub get",
        "Resolving dependencies...\nBecause acme requires SDK version ^3.9.0, version solving failed.",
        "version solving failed",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift build",
        "error: 'acme-kit': package 'acme-kit' is using Swift tools version 6.3.0 but the installed version is 6.0.2",
        "Swift tools version",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift test",
        "error: Failed to resolve dependencies Dependencies could not be resolved because no versions of 'swift-acme'"
        " match the requirement 9.0.0..<10.0.0",
        "could not be resolved",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "nix develop -c true",
        "error:\n       … while evaluating the attribute 'buildInputs'\n\n       error: Package ‘acme-fonts-1.0’ in"
        " /nix/store/abc/default.nix:9 has an unfree license (‘unfree’), refusing to evaluate.",
        "unfree license",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "conda env create -f env.yml",
        "LibMambaUnsatisfiableError: Encountered problems while solving:\n  - nothing provides requested numpy 9.9**",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "mix deps.get",
        '** (Mix) Hex dependency resolution failed\nBecause "your app" depends on "phoenix ~> 9.0" which doesn\'t'
        " match any versions, version solving failed.",
        "",
    ),
    Kind(SOLVER, "dependency_install", "opam install foo", "[ERROR] No package named foo found.", ""),
    Kind(
        SOLVER,
        "dependency_install",
        "cabal build",
        "Error: [Cabal-7107]\nCould not resolve dependencies:\n[__1] unknown package: acme-core (dependency of acme)",
        "",
    ),
    Kind(
        SOLVER,
        "compile",
        "cabal build",
        "Building library for acme-0.1...\nsrc/Acme.hs:9:5: error: [GHC-88464]\n    Variable not in scope:"
        " fooo\nError: [Cabal-7125]\nFailed to build acme-0.1.",
        "",
    ),
    Kind(
        SOLVER,
        "compile",
        "stack build",
        "acme> src/Lib.hs:4:8: error: [GHC-88464] Variable not in scope: x\n\nError: [S-7282]\n       Stack failed to"
        " execute the build plan.",
        "",
    ),
    Kind(SOLVER, "dependency_install", "stack build", "Error: [S-4804]\nStack failed to construct a build plan.", ""),
    Kind(
        SOLVER, "dependency_install", "pod install", '[!] CocoaPods could not find compatible versions for pod "A":', ""
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "conda install x",
        "PackagesNotFoundError: The following packages are not available from current channels:\n  - x=9",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "swift package resolve",
        "error: could not find a package at https://github.com/acme/x with version 9.0.0\nerror: Dependencies could"
        " not be resolved because root depends on 'x' 9.0.0",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "flutter pub get",
        "Because acme depends on foo from hosted which doesn't exist (could not find package foo at https://pub.dev),"
        " version solving failed.",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install .",
        "[ERROR] The following dependencies couldn't be met:\n  - acme -> lwt >= 9\n        no matching version",
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "opam install .",
        'The following actions failed\n+- build conf-gmp.4\n[ERROR] The compilation of conf-gmp.4 failed at "sh -exc'
        ' cc -c test.c".',
        "",
    ),
    Kind(
        SOLVER,
        "dependency_install",
        "nix develop",
        "error: Package 'python-2.7' in /nix/store/a/default.nix:3 is marked as insecure, refusing to evaluate.",
        "",
    ),
]
