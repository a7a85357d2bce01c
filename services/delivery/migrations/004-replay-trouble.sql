-- Why a lane of a replay stands still; its next progress takes it away.
alter table {{schema}}.replay_lane add column trouble text;
