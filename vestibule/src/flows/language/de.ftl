# Die Sprache wählen.

language-unknown = Diese Sprache hat die Website nicht. Wähle eine von: { $all }.
