-- What: a question that a task of Airflow asked, and its answer, from Airflow's own tables.
-- Grain: one row; none where the task asked nothing.
-- Takes: dag_id, run_id, task_id.
-- Used by: dunning.gateways.airflow_record.fetch_question
SELECT q.subject, q.body, q.assignees, q.created_at, q.responded_at, q.responded_by, q.chosen_options, q.params_input
FROM hitl_detail AS q
JOIN task_instance AS t ON t.id = q.ti_id
WHERE t.dag_id = :dag_id AND t.run_id = :run_id AND t.task_id = :task_id AND t.map_index = -1
