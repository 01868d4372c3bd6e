-- Everybody may record progress through the functions, as the original allows; the tables themselves stay closed.

grant usage on schema pgq_ext to public;
