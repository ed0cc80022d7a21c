# Logging in.

login-title = Log in
login-name-email = Email address
login-name-either = Username or email address
login-asked-for = Log in to see that page.
login-no-cookies = If you have just logged in, your browser keeps no cookies from this site. Allow them, then log in again.
login-remember = Stay logged in on this browser
login-new-here = New here?
login-username-missing = Enter your username.
login-email-missing = Enter your email address.
login-either-missing = Enter your username or your email address.
login-username-wrong = Wrong username or password. Check that Caps Lock is off.
login-email-wrong = Wrong email address or password. Check that Caps Lock is off.
login-either-wrong = Wrong username, email address or password. Check that Caps Lock is off.
login-too-many-sessions = You are logged in in as many places as allowed. Log out in one of them, then try again.
login-reopened = Welcome back. Your account is open again.
login-forgot-password = Forgot your password?

mail-new-device-subject = New log-in to { $site }
mail-new-device =
    Hello { $name },

    Somebody has just logged in to { $site } as you, in a browser that is new for your account.

    If it was you, there is nothing to do. If not, somebody knows your password: log in at { $url }, change your password, and log out the sessions that you don’t recognize.
mail-remember-cookie-reused-subject = Somebody may have a copy of your login at { $site }
mail-remember-cookie-reused =
    Hello { $name },

    A browser that stays logged in to { $site } as you was used in two places, as if somebody had a copy of its login cookie. It is logged out now, in both.

    If you copied or restored that browser yourself, just log in again. If not, find out what is wrong with that device, then log in at { $url } and change your password.
mail-guessing-subject = Somebody is trying to guess your password at { $site }
mail-guessing =
    Hello { $name },

    Somebody has tried many wrong passwords for your account at { $site }. They did not get in. From now on they have to wait before each further attempt.

    If it was you, there is nothing to do. If not, make sure that you use your password nowhere else. You can log in as usual in a browser that you have used for { $site } before. In a new one you may have to wait as long as this goes on: { $url }
