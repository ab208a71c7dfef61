"""Being forgotten: what the register says in the place of a name."""

FORGOTTEN = "Somebody who left"
