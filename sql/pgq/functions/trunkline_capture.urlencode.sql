-- trunkline_capture.urlencode: encodes text for a key or a value of an url-encoded row.
-- Parameters: i_text - text.
-- Returns: text in which 0-9 A-Z a-z _ . - stand for themselves, a blank is + and any other byte is %xx.
-- Tables written: none.
create or replace function trunkline_capture.urlencode(i_text text)
returns text as $$
declare
    v_text pg_catalog.text;
begin
    if i_text operator(pg_catalog.~) '^[-0-9A-Za-z_.]*$' then
        return i_text;
    end if;
    v_text := pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
              pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(
                  i_text, '%', '%25'), '+', '%2b'), ' ', '+'), ':', '%3a'), '/', '%2f'), ',', '%2c'), '@', '%40'),
                  '(', '%28'), ')', '%29'), '''', '%27');
    if v_text operator(pg_catalog.~) '^[-0-9A-Za-z_.%+]*$' then
        return v_text;
    end if;
    -- Runs of kept bytes and runs of others alternate; only the latter go through hex.
    return (
        select pg_catalog.string_agg(
                   case when part.run[1] is not null then part.run[1]
                        else pg_catalog.replace(
                                 pg_catalog.regexp_replace(
                                     pg_catalog.encode(
                                         pg_catalog.convert_to(part.run[2], pg_catalog.getdatabaseencoding()), 'hex'),
                                     '(..)', E'%\\1', 'g'),
                                 '%20', '+')
                   end, '' order by part.place)
          from pg_catalog.regexp_matches(i_text, '([-0-9A-Za-z_.]+)|([^-0-9A-Za-z_.]+)', 'g')
               with ordinality part(run, place));
end;
$$ language plpgsql immutable strict;
