"""GitHub's GraphQL API as the extract uses it (schema, shapes, limits); run by graphql-core."""

from observes_assets.sandbox.github.graphql.execution import answer

__all__ = ["answer"]
