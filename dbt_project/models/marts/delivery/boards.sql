with

cards as (
    select
        cards.github_project_id,
        count(*) as card_count,
        count(*) filter (where cards.item_type = 'ISSUE') as issue_count,
        count(*) filter (where cards.item_type = 'DRAFT_ISSUE') as draft_count,
        count(*) filter (where cards.item_type = 'PULL_REQUEST') as pull_request_count,
        count(*) filter (where cards.item_type = 'REDACTED') as redacted_count,
        count(*) filter (where cards.item_type = 'ISSUE' and issues.github_issue_id is null)
            as unread_issue_count
    from {{ ref('int_cards_dated') }} as cards
    left join {{ ref('int_issues_dated') }} as issues
        on
            cards.github_issue_id = issues.github_issue_id
            and issues.known_until is null
            and issues.version_number > 0
    where cards.known_until is null and cards.version_number > 0
    group by cards.github_project_id
)

select
    lower(boards.owner_name) as owner_name,
    boards.board_number,
    boards.role,
    boards.github_project_id,
    boards.title,
    boards.looked_since,
    coalesce(cards.card_count, 0) as card_count,
    coalesce(cards.issue_count, 0) as issue_count,
    coalesce(cards.draft_count, 0) as draft_count,
    coalesce(cards.pull_request_count, 0) as pull_request_count,
    coalesce(cards.redacted_count, 0) as redacted_count,
    coalesce(cards.unread_issue_count, 0) as unread_issue_count,
    boards.problem
from {{ ref('int_boards_configured') }} as boards
left join cards
    on boards.github_project_id = cards.github_project_id
