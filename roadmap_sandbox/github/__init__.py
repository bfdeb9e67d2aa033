"""A stateful GitHub on a loopback port: the part of the REST API (2022-11-28) that a CI and roadmap pipeline uses.

``state.GitHubState`` holds what it knows, ``app.create_app`` serves it. What can be turned, and where it is described:

- ``state.switches`` (``switches.Switches``): variants where GitHub's behaviour is uncertain or now and then wrong, such
  as caps, a lagging index, carried-over jobs, and how fast runs go on by the clock;
- ``state.faults`` (``faults.Faults``): requests that fail, and actions before or after a request;
- ``state.activity`` (``activity.SimulatedActivity``): what happens meanwhile without the client: runs, people, owners;
- ``state.limits`` (``limits.RateLimits``): primary limits, and ``limits.secondary`` against bursts;
- ``state.clock``, ``state.advance``: the simulator's time; ``state.now``, ``state.let_pass``: real time, by which rate
  limits, tokens and signed URLs go;
- ``state.store.storage`` (``storage.LogStorage``): the host of logs, which can be slow, busy or cut off;
- ``state.webhooks`` (``webhooks.Webhooks``): messages out, lost, doubled and shuffled on request;
- ``state.apps`` (``apps.Apps``): GitHub Apps and their installation tokens;
- ``state.journal``: every request, its status, whether it asked for a write and whether it was charged.
"""
