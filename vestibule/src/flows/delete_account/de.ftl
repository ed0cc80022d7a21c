# Das eigene Konto löschen.

delete-account-title = Konto löschen
delete-account-text = Damit wird das Konto { $username } gelöscht, und du wirst überall abgemeldet. Das lässt sich nicht rückgängig machen.
delete-account-button = Konto löschen
delete-account-keep = Konto behalten
delete-account-done = Dein Konto wurde gelöscht.
