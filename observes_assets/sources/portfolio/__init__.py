"""The portfolio: who owns which repository, what each group pays, and which e-mail addresses are one person.

Data flow: a YAML file and the mailmap it names → ``client.read_portfolio`` (everything is checked before
anything is used) → ``streams.portfolio_record`` (``identity`` finds each repository's id, with the last
archived record as its memory) → one batch of one record, ``portfolio/portfolio``. It lands like any other
source, so the warehouse knows which repository belonged to which group, when, and at which price. The git
source reads its list of repositories from that record, never from the file.

Credentials: none. A repository may name one (``credential: NAME``); the secret itself is read by the git
source from ``OBSERVES_GIT_<NAME>_…``. A URL that holds a secret is refused.

Alone: ``observes extract portfolio portfolio`` prints the record and lands nothing. In Python:
``next(portfolio_stream(Path("portfolio.yaml"), previous=None))``.

Belongs here: what the file may say (``client``, ``names``, ``urls``), what it
says (``model``), identity over versions (``identity``), the record (``streams``), and the portfolio that is
made when there is none (``default``, ``samples``, ``checkout``, ``plain_git``). Doesn't: talking to
repositories (``sources/git``), what a price or a rule means for a bill (``billing``).
"""
