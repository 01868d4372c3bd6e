-- trunkline_capture.same_value: tells whether two values of a column are equal in the sense of their type.
-- Parameters: i_table, i_column - the column; i_old, i_new - output text of the values.
-- Returns: true when both are NULL or equal. Arrays and types without an equality operator are equal when their text is.
-- Tables written: none.
create or replace function trunkline_capture.same_value(i_table oid, i_column text, i_old text, i_new text)
returns boolean as $$
declare
    v_type pg_catalog.record;
    v_operator pg_catalog.text;
    v_same boolean;
begin
    if i_old is null or i_new is null then
        return i_old is null and i_new is null;
    end if;
    if i_old operator(pg_catalog.=) i_new then
        return true;
    end if;

    with recursive base(oid, typtype, typbasetype, is_array) as (
        select t.oid, t.typtype, t.typbasetype, t.typelem operator(pg_catalog.<>) 0::pg_catalog.oid and t.typlen operator(pg_catalog.=) -1::smallint
          from pg_catalog.pg_attribute a
          join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) a.atttypid
         where a.attrelid operator(pg_catalog.=) i_table
           and a.attname operator(pg_catalog.=) i_column::pg_catalog.name
           and not a.attisdropped
        union all
        select t.oid, t.typtype, t.typbasetype, t.typelem operator(pg_catalog.<>) 0::pg_catalog.oid and t.typlen operator(pg_catalog.=) -1::smallint
          from base join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) base.typbasetype
         where base.typtype operator(pg_catalog.=) 'd'::pg_catalog."char"
    )
    select b.oid, b.is_array,
           array[b.oid, case
                            when b.typtype operator(pg_catalog.=) 'e'::pg_catalog."char" then 'pg_catalog.anyenum'::pg_catalog.regtype::pg_catalog.oid
                            when b.typtype operator(pg_catalog.=) 'r'::pg_catalog."char" then 'pg_catalog.anyrange'::pg_catalog.regtype::pg_catalog.oid
                            when b.typtype operator(pg_catalog.=) 'c'::pg_catalog."char" then 'pg_catalog.record'::pg_catalog.regtype::pg_catalog.oid
                            else case when b.oid operator(pg_catalog.=) 'pg_catalog.varchar'::pg_catalog.regtype::pg_catalog.oid
                                      then 'pg_catalog.text'::pg_catalog.regtype::pg_catalog.oid end
                        end] as inputs
      into v_type
      from base b
     where b.typtype operator(pg_catalog.<>) 'd'::pg_catalog."char";
    if v_type.is_array then
        return false;
    end if;

    -- The operator is named with its schema: it may live where the caller's search_path does not reach.
    select pg_catalog.format('operator(%I.%s)', n.nspname, o.oprname) into v_operator
      from pg_catalog.pg_opclass c
      join pg_catalog.pg_am m on m.oid operator(pg_catalog.=) c.opcmethod and m.amname operator(pg_catalog.=) 'btree'::pg_catalog.name
      join pg_catalog.pg_amop a on a.amopfamily operator(pg_catalog.=) c.opcfamily
                               and a.amoplefttype operator(pg_catalog.=) c.opcintype
                               and a.amoprighttype operator(pg_catalog.=) c.opcintype
                               and a.amopstrategy operator(pg_catalog.=) 3::smallint
      join pg_catalog.pg_operator o on o.oid operator(pg_catalog.=) a.amopopr
      join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) o.oprnamespace
     where c.opcdefault
       and c.opcintype operator(pg_catalog.=) any (v_type.inputs)
     order by c.opcintype operator(pg_catalog.=) v_type.oid desc
     limit 1;
    if v_operator is null then
        return false;
    end if;
    -- With a type modifier of -1 the names of char and bit do not mean one character or bit.
    execute pg_catalog.format('select $1::%1$s %2$s $2::%1$s', pg_catalog.format_type(v_type.oid, -1), v_operator)
       into v_same
      using i_old, i_new;
    return v_same;
exception when data_exception then
    -- Not all output can be read back: an old timestamptz under some settings of DateStyle has no zone that is known.
    return false;
end;
$$ language plpgsql stable;
