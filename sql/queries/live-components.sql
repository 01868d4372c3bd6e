-- What Trunkline's installer put into this database.
select component, version
from trunkline.component
