"""UDP by the batch: slots, the calls that fill and send them, and the lines of what waits."""
