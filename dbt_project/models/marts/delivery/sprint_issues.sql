with

memberships as (
    select
        sprints.*,
        cards.github_issue_id,
        cards.status,
        cards.points,
        cards.is_pointed_by_bot,
        cards.is_done,
        cards.done_at,
        cards.known_from,
        greatest(cards.valid_from, sprints.begins_at) as joined_at,
        cards.first_on <= sprints.starts_on
        and cards.last_on >= sprints.starts_on
        and sprints.phase <> 'coming' as is_at_begin,
        cards.first_on <= sprints.judged_on and cards.last_on >= sprints.judged_on as is_at_end
    from {{ ref('int_cards_counted') }} as cards
    inner join {{ ref('int_sprints_bounded') }} as sprints
        on
            cards.github_project_id = sprints.github_project_id
            and cards.sprint_starts_on = sprints.starts_on
            and cards.valid_from < sprints.ends_at
            and cards.valid_until > sprints.begins_at
),

-- one card an issue and board at any moment, so at most one row is at the begin and one at the end
joined as (
    select
        github_project_id,
        starts_on,
        github_issue_id,
        owner_name,
        board_number,
        sprint_title,
        phase,
        min(joined_at) as joined_at,
        bool_or(is_at_begin) as is_committed,
        max(points) filter (where is_at_begin) as committed_points,
        bool_or(is_at_end) as is_at_end,
        coalesce(bool_or(is_done) filter (where is_at_end), false) as is_done,
        max(points) filter (where is_at_end) as points,
        coalesce(bool_or(is_pointed_by_bot) filter (where is_at_end), false) as is_pointed_by_bot,
        max(status) filter (where is_at_end) as status,
        max(done_at) filter (where is_at_end) as done_at,
        min(known_from) as known_from
    from memberships
    group by github_project_id, starts_on, github_issue_id, owner_name, board_number, sprint_title, phase
),

followed as (
    select
        *,
        max(starts_on) over (partition by github_project_id, github_issue_id) > starts_on as has_later_sprint
    from joined
)

select
    github_project_id,
    starts_on,
    github_issue_id,
    owner_name,
    board_number,
    sprint_title,
    joined_at,
    is_committed,
    committed_points,
    is_at_end,
    case
        when not is_at_end then 'removed'
        when is_done then 'completed'
        when phase <> 'ended' then 'open'
        when has_later_sprint then 'rolled_over'
        else 'left_open'
    end as outcome,
    status,
    points,
    is_pointed_by_bot,
    done_at,
    known_from
from followed
