# Choosing the language.

language-unknown = This site has no such language. Choose one of: { $all }.
