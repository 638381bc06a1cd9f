with

words as (
    {{ delivery_words() }}
),

compared as (
    select
        *,
        lag(sprint_starts_on) over by_card as last_sprint,
        lag(points) over by_card as last_points,
        lag(is_done) over by_card as is_last_done,
        coalesce(lag(valid_until) over by_card = valid_from, false) as has_last,
        coalesce(lead(valid_from) over by_card = valid_until, false) as has_next
    from {{ ref('int_cards_counted') }}
    window by_card as (partition by github_item_id order by valid_from)
),

-- what a card's state was before and after each moment at which it changed
moments as (
    select
        github_project_id,
        github_item_id,
        github_issue_id,
        valid_from as changed_at,
        known_from,
        case when has_last then last_sprint end as sprint_before,
        case when has_last then last_points end as points_before,
        has_last and is_last_done as is_done_before,
        sprint_starts_on as sprint_after,
        points as points_after,
        is_done as is_done_after
    from compared
    union all
    select
        github_project_id,
        github_item_id,
        github_issue_id,
        valid_until as changed_at,
        valid_until as known_from,
        sprint_starts_on as sprint_before,
        points as points_before,
        is_done as is_done_before,
        null as sprint_after,
        null as points_after,
        false as is_done_after
    from compared
    where not has_next and valid_until < 'infinity'
),

-- Whether it joined a sprint, left one, or stayed in it; and the points that count on either side.
told as (
    select
        *,
        sprint_after is not null and coalesce(sprint_after <> sprint_before, true) as is_joining,
        sprint_before is not null and coalesce(sprint_after <> sprint_before, true) as is_leaving,
        coalesce(sprint_after = sprint_before, false) as is_staying,
        coalesce(points_before, 0) as left_points,
        coalesce(points_after, 0) as right_points,
        case when is_done_before then coalesce(points_before, 0) else 0 end as left_done_points,
        case
            when is_done_before and is_done_after then coalesce(points_after, 0) - coalesce(points_before, 0)
            else 0
        end as re_estimated_done_points,
        case
            when sprint_before < sprint_after and not is_done_before then 'rolled_over'
            else 'added'
        end as way_in
    from moments
),

changes as (
    select
        told.github_project_id,
        told.github_item_id,
        told.github_issue_id,
        told.changed_at,
        told.known_from,
        change.is_so,
        change.starts_on,
        change.change,
        change.issue_count,
        change.points,
        change.completed_issue_count,
        change.completed_points
    from told
    cross join lateral (
        values
        (
            told.is_joining,
            told.sprint_after,
            told.way_in,
            1,
            told.right_points,
            0,
            0
        ),
        (
            told.is_leaving,
            told.sprint_before,
            'removed',
            -1,
            -told.left_points,
            -told.is_done_before::integer,
            -told.left_done_points
        ),
        (
            told.is_staying and told.points_before is distinct from told.points_after,
            told.sprint_after,
            're_estimated',
            0,
            told.right_points - told.left_points,
            0,
            told.re_estimated_done_points
        ),
        (
            told.is_done_after and (told.is_joining or (told.is_staying and not told.is_done_before)),
            told.sprint_after,
            'completed',
            0,
            0,
            1,
            told.right_points
        ),
        (
            told.is_staying and told.is_done_before and not told.is_done_after,
            told.sprint_after,
            'reopened',
            0,
            0,
            -1,
            -told.left_points
        )
    ) as change (is_so, starts_on, change, issue_count, points, completed_issue_count, completed_points)
),

dated as (
    select
        changes.*,
        {{ local_date('changes.changed_at', 'words.time_zone') }} as day_on
    from changes
    cross join words
    where changes.is_so
)

select
    dated.github_project_id,
    dated.starts_on,
    dated.day_on,
    dated.github_item_id,
    dated.changed_at,
    dated.change,
    dated.github_issue_id,
    sprints.owner_name,
    sprints.board_number,
    sprints.sprint_title,
    dated.day_on > sprints.starts_on as is_mid_sprint,
    dated.issue_count::bigint as issue_count,
    dated.points,
    dated.completed_issue_count::bigint as completed_issue_count,
    dated.completed_points,
    dated.known_from
from dated
inner join {{ ref('int_sprints_bounded') }} as sprints
    on
        dated.github_project_id = sprints.github_project_id
        and dated.starts_on = sprints.starts_on
where dated.changed_at >= sprints.begins_at and dated.changed_at < sprints.ends_at
