"""Translations: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import TRANSLATION, Kind

KINDS = [
    Kind(
        TRANSLATION,
        "lint_format",
        "bundle exec i18n-tasks health",
        "Missing keys (2) | i18n-tasks v1.0.15\n| Locale | Key          | Value in other locales |\n|  de    |"
        " cart.empty"
        "   | en Your cart is empty  |",
        "Missing keys (2)",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "node scripts/check-locales.mjs",
        "de.json: 3 missing translation keys\n  cart.empty\n  cart.total\n  cart.pay",
        "missing translation keys",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "./gradlew lintDebug",
        '/home/runner/work/acme/app/src/main/res/values/strings.xml:9: Error: "cart_empty" is not translated in "de"'
        " (German) [MissingTranslation]\n\nFAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution"
        " failed"
        " for task ':app:lintDebug'.",
        "",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "npm run i18n:check",
        "Translation files are out of sync: fr.json lacks 'cart.total'",
        "out of sync",
    ),
    Kind(
        TRANSLATION,
        "lint_format",
        "node check-translation-completeness.cjs",
        'ERROR: Missing translations detected\nFound 36 translation keys with missing languages:\n- Key "A" is'
        " missing translations for: uk",
        "",
    ),
    Kind(TRANSLATION, "lint_format", "npm run i18n:check", "fr: missing keys: cart.total, cart.pay", ""),
    Kind(
        TRANSLATION,
        "lint_format",
        "python manage.py makemessages --check",
        "locale/de/LC_MESSAGES/django.po needs updating: translations are out of date",
        "",
    ),
    Kind(
        TRANSLATION, "lint_format", "npm run lint:locales", "Locale files have missing keys\n  de.json: cart.total", ""
    ),
    Kind(TRANSLATION, "lint_format", "npm run check:i18n", "Missing keys in de.json: cart.total", ""),
    Kind(
        TRANSLATION,
        "lint_format",
        "./gradlew lint",
        'Lint found 1 errors, 0 warnings. First failure:\nres/values-de/strings.xml:3: Error: "x" is translated here'
        " but not found in default locale [ExtraTranslation]",
        "",
    ),
    Kind(TRANSLATION, "lint_format", "yarn formatjs verify", "Missing translation keys in fr.json:\n cart.total", ""),
]
