"""GitHub: repositories, issues and their history, pull requests and reviews, projects with all field values.

Data flow: the settings name organizations and single repositories → ``account.observe_all`` reads the
owners, then their repositories and projects, then the streams of each, many scopes at once
(``observation``) → a batch per stream and scope, if there is news → one record per place in
``github/observations``, with the quotas that are left. Between two sweeps (the contract's ``sweepHours``)
only changes are read: by ``since``, or walking back. A sweep reads everything, holds its count against
GitHub's own, and asks what became of what it lacks (``github/disappearances``); its complete batch makes
the tombstones. A run that uses up a limit waits for the reset if that is near (``OBSERVES_GITHUB_WAIT``),
else it stops with everything archived that was read.

Credentials: ``OBSERVES_GITHUB_TOKEN``, a personal token with the scopes ``repo``, ``read:org`` and
``read:project`` (fine-grained: Contents, Issues, Pull requests and Metadata of the repositories; Members,
Projects and Issue types of the organization, all of them read-only). Or a GitHub App with the same
permissions: ``OBSERVES_GITHUB_APP_ID``, ``…_APP_KEY_FILE`` and ``…_INSTALLATION_ID``; its tokens are renewed
while a run goes on. Without any, GitHub is not configured: its tables stay empty, and nothing fails.

Alone: ``observes extract github issues --limit 5`` prints records and lands nothing. In Python::

    client = Client(access.read(settings), Pace(contract.rate_limit))
    walk = Walk(TemporaryFile(), None, client.server_at, None)
    issues(client, Repository("1", "R_1", "octo/site", has_issues=True), walk)
    list(walk.lines())

Belongs here: who we are (``access``), politeness (``pace``, ``limits``), HTTP by way of PyGithub
(``connection``, ``client``, ``ahead``, ``answers``, ``failures``), what is asked (``queries``), what is read
of what (``places``, ``streams``, ``people``, ``issues``, ``pull_requests``, ``boards``) and how
(``listings``, ``walk``), one observation of everything (``account``, ``observation``, ``reading``,
``assets``). Doesn't: commits (``sources/git``), which boards count and what their fields mean (dbt and
``delivery.yaml``).
"""
