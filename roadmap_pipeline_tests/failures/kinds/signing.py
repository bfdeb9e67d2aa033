"""Code signing and licences: kinds of failures."""

from roadmap_pipeline_tests.failures.kinds.kind import SIGNING, Kind

KINDS = [
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -scheme App archive",
        "/Users/runner/work/app/App.xcodeproj: error: No profiles for 'com.acme.app' were found: Xcode couldn't find"
        " any"
        " iOS App Development provisioning profiles matching 'com.acme.app'. (in target 'App' from project 'App')\n"
        "** ARCHIVE FAILED **",
        "No profiles for",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -scheme App build",
        'error: Signing for "App" requires a development team. Select a development team in the Signing &'
        " Capabilities editor. (in target 'App' from project 'App')\n** BUILD FAILED **\n\nThe following build commands"
        " failed:\n\tBuilding project App",
        "requires a development team",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane beta",
        "[10:00:00]: ▸ App.app: errSecInternalComponent\n[10:00:01]: ▸ Command CodeSign failed with a nonzero exit code"
        "\n** ARCHIVE FAILED **",
        "errSecInternalComponent",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        'security import cert.p12 -P "$P"',
        "security: SecKeychainItemImport: MAC verification failed during PKCS12 import (wrong password?)",
        "MAC verification failed",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew assembleRelease",
        "> Task :app:validateSigningRelease FAILED\n\nFAILURE: Build failed with an exception.\n\n* What went wrong:\n"
        "Execution failed for task ':app:validateSigningRelease'.\n> Keystore file '/home/runner/release.jks' not found"
        " for signing config 'release'.\n\nBUILD FAILED in 40s",
        "Keystore file",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew bundleRelease",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task"
        " ':app:packageReleaseBundle'.\n> Failed to read key upload from store \"/tmp/up.jks\": keystore password was"
        " incorrect",
        "Failed to read key",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew publish",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nExecution failed for task"
        " ':core:signMavenPublication'.\n> Cannot perform signing task ':core:signMavenPublication' because it has no"
        " configured signatory",
        "no configured signatory",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "game-ci/unity-builder@v4",
        "##[error]Missing Unity License File and no Serial was found. If this is a personal license, make sure to"
        " follow"
        " the activation steps",
        "Missing Unity License",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "unity-editor -batchmode -buildTarget WebGL",
        "[Licensing::Module] Error: Access token is unavailable\nNo valid Unity Editor license found. Please activate"
        " your license.",
        "No valid Unity Editor license",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "signtool sign /sha1 %T% app.exe",
        "SignTool Error: No certificates were found that met all the given criteria.",
        "SignTool Error",
    ),
    Kind(
        SIGNING,
        "dependency_install",
        "xcodebuild -version",
        "You have not agreed to the Xcode license agreements. Please run 'sudo xcodebuild -license' from within a"
        " Terminal window to review and agree to the Xcode and Apple SDKs license.",
        "Xcode license agreements",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane ios cert",
        "[!] Error cloning certificates repo, please make sure you have read access to the repository you want to use",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane beta",
        "[!] No code signing identity found and can not create a new one because you enabled `readonly`",
        "",
    ),
    Kind(
        SIGNING, "permissions_auth", "fastlane beta", "[!] Could not find the newly generated certificate installed", ""
    ),
    Kind(SIGNING, "permissions_auth", "fastlane match", "[!] Invalid password passed via 'MATCH_PASSWORD'", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "fastlane deliver",
        "[!] Authentication credentials are missing or invalid. - Provide a properly configured and signed bearer"
        " token",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild -exportArchive",
        'error: exportArchive: No signing certificate "iOS Distribution" found\n** EXPORT FAILED **',
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: Provisioning profile "CI Dev" doesn\'t include signing certificate "Apple Development: A (X)".\n**'
        " ARCHIVE FAILED **",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: "App" requires a provisioning profile. Select a provisioning profile in the Signing & Capabilities'
        " editor.",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "./gradlew bundleRelease",
        "Execution failed for task ':app:signReleaseBundle'.\n> A failure occurred while executing"
        " com.android.build.gradle.internal.tasks.FinalizeBundleTask$BundleToolRunnable\n   > java.io.IOException:"
        " keystore password was incorrect",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "flutter build appbundle --release",
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nA problem occurred evaluating project"
        " ':app'.\n> path may not be null or empty string. path=''\nKeystore file not set for signing config release",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "electron-builder --mac",
        '  • skipped macOS application code signing  reason=cannot find valid "Developer ID Application" identity\n '
        " ⨯ Env vars APPLE_ID, APPLE_APP_SPECIFIC_PASSWORD missing: cannot notarize",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "game-ci/unity-test-runner@v4",
        "License activation failed: com.unity.editor.headless entitlement was not found\n##[error]There was an error"
        " while trying to activate the Unity license.",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcodebuild archive",
        'error: Provisioning profile "Dist" has expired.\n** ARCHIVE FAILED **',
        "",
    ),
    Kind(SIGNING, "permissions_auth", "codesign -s X App.app", "App.app: errSecInternalComponent", ""),
    Kind(SIGNING, "permissions_auth", "codesign -s X App.app", "Developer ID Application: Acme: no identity found", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "xcrun notarytool submit a.zip",
        "Error: HTTP status code: 401. Invalid credentials. Username or password is incorrect.",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "jarsigner a.apk k",
        "jarsigner: unable to open jar file / keystore load: Keystore was tampered with, or password was incorrect",
        "",
    ),
    Kind(
        SIGNING,
        "permissions_auth",
        "apksigner sign",
        'Failed to load signer "signer #1"\njava.io.IOException: keystore password was incorrect',
        "",
    ),
    Kind(SIGNING, "permissions_auth", "./gradlew publish", "> Could not read PGP secret key", ""),
    Kind(
        SIGNING,
        "permissions_auth",
        "unity-editor -batchmode",
        "Unity has not been activated with a valid License. Could be a new activation or renewal...",
        "",
    ),
    Kind(
        SIGNING,
        "dependency_install",
        "sdkmanager x",
        "Failed to install the following Android SDK packages as some licences have not been accepted.\n    "
        " platforms;android-36",
        "",
    ),
]
