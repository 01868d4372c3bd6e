-- Functions with other parameters, and under another name, take their places.
drop function if exists trunkline_capture.capture_each(pgq.queue, text);
drop function if exists trunkline_capture.follows_settings(oid);
