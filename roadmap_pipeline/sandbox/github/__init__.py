"""A stateful GitHub on a loopback port: the part of the REST API (2022-11-28) that a CI and roadmap pipeline uses.

``state.GitHubState`` holds what it knows, ``app.create_app`` serves it. Where GitHub's behaviour is uncertain it is a
switch (``store.Switches``), so that clients can be tried against each variant.
"""
