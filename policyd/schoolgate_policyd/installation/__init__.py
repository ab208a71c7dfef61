"""
Schoolgate laid out on a machine: `schoolgate install`.

`contents` says which file of `systemd/` goes where, `generated` makes what follows from the
school's configuration, `placing` puts files in their places and leaves those that somebody has
edited, `folders` makes the folders with their owners, and `installing` does all of it in order.
"""
