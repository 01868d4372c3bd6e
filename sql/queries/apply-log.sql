-- $1: how many; $2: one log entry or plan by its id, with its steps; NULL for the newest of all, without.
select
    l.log_id::text as id,
    l.plan_id,
    to_char(l.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started_at,
    to_char(l.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as finished_at,
    (extract(epoch from l.finished_at - l.started_at) * 1000)::float8 as duration_ms,
    l.applied_by,
    l.client,
    l.trunkline_version,
    l.result,
    (select count(*)::int from trunkline.step_log s where s.log_id = l.log_id and s.result = 'done') as done,
    (select count(*)::int from trunkline.step_log s where s.log_id = l.log_id and s.result = 'failed') as failed,
    case when $2::text is not null then (
        select coalesce(json_agg(json_build_object(
                   'id', s.step_id,
                   'kind', s.kind,
                   'node', s.node_name,
                   'description', s.description,
                   'startedAt', to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                   'durationMs', extract(epoch from s.finished_at - s.started_at) * 1000,
                   'result', s.result,
                   'detail', s.detail) order by s.started_at, s.finished_at, s.step_id), '[]')
          from trunkline.step_log s
         where s.log_id = l.log_id) end as steps
from trunkline.plan_log l
where $2::text is null or l.log_id::text = $2 or l.plan_id = $2
order by l.log_id desc
limit $1
