"""GitHub's REST API as the extract uses it: shapes of things, and the paths that answer with them."""
