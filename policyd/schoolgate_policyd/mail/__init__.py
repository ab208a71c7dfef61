"""
Alerts leave as e-mail, by a process that knows nothing but the letters it is handed.

- `letters`: what is handed over and what is answered, a line each.
- `composing`: an alert as a message.
- `courier`: one conversation with the school's mail server (stdlib `smtplib`).
- `__main__`: `python -m schoolgate_policyd.mail`, which reads letters and says what became of
  each.
- `posting`: policyd's side of that: over a socket of the service manager's, else to a child.
- `running`: what policyd does every few seconds: make alerts, hand letters over, keep the answers.

policyd has the database and no network; whoever talks to the mail server has the network and no
database.
"""
