"""
`schoolgate up`, the supervisor: it starts every process, restarts what dies, stops all.

`launch` prepares a start, `up` carries it through, `children` keeps one process running, `watch`
finds the silent, `relay` lets one machine play every network, `ports` says what is taken.
"""

from schoolgate_policyd.supervisor.launch import run

__all__ = ["run"]
