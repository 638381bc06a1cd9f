"""Every GraphQL query that we send. A test holds each against GitHub's published schema.

Each answer tells what it cost. ``@owner`` parts are written once and put where they are needed; connections
are at most 100 long, and no connection lies in a third one: that multiplies points.
"""

ACTOR = """
fragment actor on Actor {
  __typename login
  ... on User { id databaseId }
  ... on Bot { id databaseId }
  ... on Mannequin { id databaseId }
  ... on Organization { id databaseId }
  ... on EnterpriseUserAccount { id }
}
"""

QUOTA = "rateLimit { cost limit remaining resetAt }"

COUNTS = f"""
query counts($repository: ID!) {{
  {QUOTA}
  node(id: $repository) {{ ... on Repository {{
    id issues {{ totalCount }} pullRequests {{ totalCount }} labels {{ totalCount }}
    milestones {{ totalCount }} releases {{ totalCount }}
  }} }}
}}
"""

PULL_REQUESTS = f"""
query pull_requests($repository: ID!, $first: Int!, $after: String, $direction: OrderDirection!) {{
  {QUOTA}
  node(id: $repository) {{ ... on Repository {{
    pullRequests(first: $first, after: $after, orderBy: {{field: UPDATED_AT, direction: $direction}}) {{
      totalCount pageInfo {{ hasNextPage endCursor }}
      nodes {{
        id fullDatabaseId number title body url state isDraft locked createdAt updatedAt closedAt mergedAt
        merged reviewDecision additions deletions changedFiles isCrossRepository
        baseRefName baseRefOid headRefName headRefOid
        author {{ ...actor }} mergedBy {{ ...actor }}
        milestone {{ id number title }} mergeCommit {{ oid committedDate }}
        commits(first: 1) {{ totalCount nodes {{ commit {{ oid authoredDate committedDate }} }} }}
        comments {{ totalCount }} reviews {{ totalCount }}
        labels(first: 100) {{ totalCount nodes {{ id name }} }}
        assignees(first: 100) {{ totalCount nodes {{ ...actor }} }}
        reviewRequests(first: 100) {{
          totalCount nodes {{ requestedReviewer {{ __typename ...actor ... on Team {{ id slug }} }} }}
        }}
        closingIssuesReferences(first: 100) {{
          totalCount nodes {{ id number repository {{ id nameWithOwner }} }}
        }}
      }}
    }}
  }} }}
}}
{ACTOR}"""

_REVIEWS = """
      totalCount pageInfo { hasNextPage endCursor }
      nodes {
        id fullDatabaseId state body url authorAssociation createdAt submittedAt updatedAt
        author { ...actor } commit { oid } comments { totalCount }
      }
"""

REVIEWS = f"""
query reviews($repository: ID!, $first: Int!, $after: String, $direction: OrderDirection!) {{
  {QUOTA}
  node(id: $repository) {{ ... on Repository {{
    pullRequests(first: $first, after: $after, orderBy: {{field: UPDATED_AT, direction: $direction}}) {{
      totalCount pageInfo {{ hasNextPage endCursor }}
      nodes {{ id number updatedAt reviews(first: 100) {{ {_REVIEWS} }} }}
    }}
  }} }}
}}
{ACTOR}"""

REVIEWS_OF_ONE = f"""
query reviews_of_one($id: ID!, $after: String) {{
  {QUOTA}
  node(id: $id) {{ ... on PullRequest {{ reviews(first: 100, after: $after) {{ {_REVIEWS} }} }} }}
}}
{ACTOR}"""

ISSUE_PARENTS = f"""
query issue_parents($repository: ID!, $first: Int!, $after: String, $since: DateTime) {{
  {QUOTA}
  node(id: $repository) {{ ... on Repository {{
    issues(first: $first, after: $after, filterBy: {{since: $since}},
           orderBy: {{field: UPDATED_AT, direction: ASC}}) {{
      totalCount pageInfo {{ hasNextPage endCursor }}
      nodes {{
        id fullDatabaseId number updatedAt
        parent {{ id fullDatabaseId number repository {{ id nameWithOwner }} }}
        subIssuesSummary {{ total completed percentCompleted }}
      }}
    }}
  }} }}
}}
"""

MEMBERS = f"""
query members($login: String!, $first: Int!, $after: String) {{
  {QUOTA}
  organization(login: $login) {{
    membersWithRole(first: $first, after: $after) {{
      totalCount pageInfo {{ hasNextPage endCursor }}
      edges {{ role node {{ id databaseId login name }} }}
    }}
  }}
}}
"""

_TEAM_MEMBERS = """
      totalCount pageInfo { hasNextPage endCursor }
      edges { role node { id databaseId login } }
"""

TEAMS = f"""
query teams($login: String!, $first: Int!, $after: String) {{
  {QUOTA}
  organization(login: $login) {{
    teams(first: $first, after: $after) {{
      totalCount pageInfo {{ hasNextPage endCursor }}
      nodes {{
        id databaseId slug name description privacy createdAt updatedAt parentTeam {{ id slug }}
        members(first: 100, membership: IMMEDIATE) {{ {_TEAM_MEMBERS} }}
      }}
    }}
  }}
}}
"""

TEAM_MEMBERS = f"""
query team_members($id: ID!, $after: String) {{
  {QUOTA}
  node(id: $id) {{ ... on Team {{
    members(first: 100, after: $after, membership: IMMEDIATE) {{ {_TEAM_MEMBERS} }}
  }} }}
}}
"""

_PROJECTS = """
    projectsV2(first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes {
        id fullDatabaseId number title shortDescription url public template
        closed closedAt createdAt updatedAt
        owner { __typename ... on Organization { id login } ... on User { id login } }
        items { totalCount } fields { totalCount }
      }
    }
"""

PROJECTS_OF_OWNER = f"""
query projects_of_owner($login: String!, $first: Int!, $after: String) {{
  {QUOTA}
  repositoryOwner(login: $login) {{ id ... on ProjectV2Owner {{ {_PROJECTS} }} }}
}}
"""

PROJECTS_OF_REPOSITORY = f"""
query projects_of_repository($repository: ID!, $first: Int!, $after: String) {{
  {QUOTA}
  node(id: $repository) {{ ... on Repository {{ id {_PROJECTS} }} }}
}}
"""

PROJECT_FIELDS = f"""
query project_fields($project: ID!, $first: Int!, $after: String) {{
  {QUOTA}
  node(id: $project) {{ ... on ProjectV2 {{
    fields(first: $first, after: $after) {{
      totalCount pageInfo {{ hasNextPage endCursor }}
      nodes {{
        __typename
        ... on ProjectV2FieldCommon {{ id databaseId name dataType createdAt updatedAt }}
        ... on ProjectV2SingleSelectField {{ options {{ id name color description }} }}
        ... on ProjectV2IterationField {{ configuration {{
          duration startDay
          iterations {{ id title startDate duration }}
          completedIterations {{ id title startDate duration }}
        }} }}
      }}
    }}
  }} }}
}}
"""

_FIELD = "field { ... on ProjectV2FieldCommon { id name dataType } }"
_COMMON = f"id updatedAt {_FIELD}"
_FIELD_VALUES = f"""
      totalCount pageInfo {{ hasNextPage endCursor }}
      nodes {{
        __typename
        ... on ProjectV2ItemFieldTextValue {{ {_COMMON} text }}
        ... on ProjectV2ItemFieldNumberValue {{ {_COMMON} number creator {{ __typename }} }}
        ... on ProjectV2ItemFieldDateValue {{ {_COMMON} date }}
        ... on ProjectV2ItemFieldSingleSelectValue {{ {_COMMON} optionId name color }}
        ... on ProjectV2ItemFieldIterationValue {{ {_COMMON} iterationId title startDate duration }}
        ... on ProjectV2ItemFieldMilestoneValue {{ {_FIELD} milestone {{ id number title }} }}
        ... on ProjectV2ItemFieldRepositoryValue {{ {_FIELD} repository {{ id nameWithOwner }} }}
        ... on ProjectV2ItemFieldLabelValue {{ {_FIELD} }}
        ... on ProjectV2ItemFieldUserValue {{ {_FIELD} }}
        ... on ProjectV2ItemFieldReviewerValue {{ {_FIELD} }}
        ... on ProjectV2ItemFieldPullRequestValue {{ {_FIELD} }}
      }}
"""

_ITEM = f"""
fragment item on ProjectV2Item {{
  id fullDatabaseId type isArchived createdAt updatedAt
  fieldValues(first: 50) {{ {_FIELD_VALUES} }}
  content {{
    __typename
    ... on Issue {{ id fullDatabaseId number repository {{ id databaseId nameWithOwner }} }}
    ... on PullRequest {{ id fullDatabaseId number repository {{ id databaseId nameWithOwner }} }}
    ... on DraftIssue {{
      id title createdAt updatedAt creator {{ ...actor }} assignees(first: 20) {{ nodes {{ ...actor }} }}
    }}
  }}
}}
{ACTOR}"""

PROJECT_ITEMS = f"""
query project_items($project: ID!, $first: Int!, $after: String) {{
  {QUOTA}
  node(id: $project) {{ ... on ProjectV2 {{
    items(first: $first, after: $after) {{
      totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ ...item }}
    }}
  }} }}
}}
{_ITEM}"""

ITEMS_BY_ID = f"""
query items_by_id($ids: [ID!]!) {{
  {QUOTA}
  nodes(ids: $ids) {{ __typename ... on ProjectV2Item {{ project {{ id }} ...item }} }}
}}
{_ITEM}"""

FIELD_VALUES_OF_ONE = f"""
query field_values_of_one($id: ID!, $after: String) {{
  {QUOTA}
  node(id: $id) {{ ... on ProjectV2Item {{ fieldValues(first: 100, after: $after) {{ {_FIELD_VALUES} }} }} }}
}}
"""
