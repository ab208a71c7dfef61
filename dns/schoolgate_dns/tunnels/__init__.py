"""How much names could carry: what `stages.tunnel` adds up for a client below a parent."""
