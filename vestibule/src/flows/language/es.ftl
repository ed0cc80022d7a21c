# Elegir el idioma.

language-unknown = Este sitio no tiene ese idioma. Elige uno de: { $all }.
