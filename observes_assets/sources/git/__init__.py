"""Git repositories: every commit of the configured branches, and what became of each repository.

Data flow: the portfolio's record names repositories and branches → ``client.Mirror`` clones or fetches each
into ``OBSERVES_HOME/mirrors`` → ``streams.commits`` reads what is new as a difference of graphs → a batch of
``git/commits`` per repository and branch; one record per repository and branch in ``git/observations``, good
or bad → the bucket also gets each mirror as a bundle that analysts can clone. Before dbt runs, git itself
applies the portfolio's mailmap (``identities``) and ignore patterns (``ignores``) to what has landed.

Credentials: ``credential: NAME`` on a repository reads

- ``OBSERVES_GIT_<NAME>_TOKEN`` for https. Scopes: GitHub "Contents: read" (fine-grained) or ``repo``
  (classic); GitLab ``read_repository``, with ``OBSERVES_GIT_<NAME>_USERNAME=oauth2``; Bitbucket
  ``repository``, with ``x-token-auth``;
- ``OBSERVES_GIT_<NAME>_SSH_KEY_FILE`` for ssh: a read-only deploy key without a passphrase.

Without a credential: public repositories, paths on this machine, and what the ssh agent opens.

Alone: ``observes extract git commits --limit 5`` prints records and lands nothing. In Python::

    mirror = Mirror(Path("mirrors/one"), "https://…", None)
    mirror.update()
    list(commits(mirror, repository_id="one", branch="main", tip=mirror.tip("main"), known_tip=None))

Belongs here: starting git (``command``, the only place), reaching a repository (``access``,
``credentials``, ``failures``, ``completeness``), mirrors (``client``), records (``streams``, ``records``),
git's own verdicts (``identities``, ``ignores``), one observation of everything (``observation``,
``publication``, ``assets``). Doesn't: which repositories exist and whose they are
(``sources/portfolio``), which commits count and for whom (dbt, ``billing``), issues and pull requests
(``sources/github``).
"""
