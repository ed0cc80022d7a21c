//! [`Looks`]: what a site's pages look like, beyond its templates.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// What a site's pages look like, beyond its name and its templates.
///
/// ```
/// # fn sample(config: &mut vestibule::flows::SiteConfig) {
/// config.looks.accent_color = Some("#7a1fa2".to_owned());
/// config.looks.static_folder = Some("static".into());
/// config.looks.logo = Some("logo.svg".to_owned());
/// config.looks.footer_links = vec![("Privacy".to_owned(), "/privacy".to_owned())];
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Looks {
    /// The color of links and buttons, as `#rrggbb`. It must be dark enough to be read on white
    /// (a contrast of 4.5, WCAG 2.2); the dark scheme has a lighter shade of it. Default: a blue.
    pub accent_color: Option<String>,
    /// A folder whose files are served below `/static/`: pictures, fonts, styles and scripts of at
    /// most 4 MiB, read once at the start. A file replaces the site's own of the same name. If there
    /// is a `theme.css`, every page links it after the site's own style. Default: none.
    pub static_folder: Option<PathBuf>,
    /// The file of [`static_folder`](Self::static_folder) with the logo that is shown beside the
    /// site's name. Default: none.
    pub logo: Option<String>,
    /// Links at the foot of each page: the text, and a path of this host or an `https` address.
    /// Default: none.
    pub footer_links: Vec<(String, String)>,
}

impl Looks {
    /// The style that sets the accent color, if there is one.
    ///
    /// # Errors
    /// When it is no color, or too light.
    pub(crate) fn accent_style(&self) -> Result<Option<String>> {
        let Some(color) = &self.accent_color else {
            return Ok(None);
        };
        let accent = Color::parse(color).ok_or_else(|| {
            Error::config(format!("`{color}` is no color: write it like `#7a1fa2`"))
        })?;
        let contrast = accent.contrast(Color::WHITE);
        if contrast < READABLE {
            return Err(Error::config(format!(
                "the accent color `{color}` is too light to be read on white: its contrast is \
                 {contrast:.1}, and must be {READABLE}; choose a darker one"
            )));
        }
        let (light, dark) = (accent.css(), accent.readable_on(DARK_CARD).css());
        Ok(Some(format!(
            ":root {{ --accent: light-dark({light}, {dark}); --on-accent: light-dark(#fff, #0d1117); }}\n"
        )))
    }

    /// Checks the links at the foot of each page.
    ///
    /// # Errors
    /// When one is neither a path nor an address of the web.
    pub(crate) fn check_links(&self) -> Result<()> {
        let is_path = |link: &str| link.starts_with('/') && !link.starts_with("//");
        let is_web = |link: &str| link.starts_with("https://") || link.starts_with("http://");
        for (text, link) in &self.footer_links {
            if text.trim().is_empty() || !(is_path(link) || is_web(link)) {
                return Err(Error::config(format!(
                    "`{text}={link}` is no link for the foot of the pages: write it like \
                     `Privacy=/privacy` or `Imprint=https://example.com/imprint`"
                )));
            }
        }
        Ok(())
    }
}

/// The least contrast of text (WCAG 2.2, success criterion 1.4.3).
const READABLE: f64 = 4.5;

/// The background of cards in the dark scheme of `vestibule.css`.
const DARK_CARD: Color = Color([0x18, 0x1d, 0x24]);

#[derive(Debug, Clone, Copy)]
struct Color([u8; 3]);

impl Color {
    const WHITE: Self = Self([0xff; 3]);

    /// Reads `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    fn css(self) -> String {
        let Self([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        let Self([red, green, blue]) = self;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The first shade towards white that can be read on `ground`.
    fn readable_on(self, ground: Self) -> Self {
        let shades = (0..=20).map(|step| {
            let lighter = |part: u8| {
                let part = u32::from(part);
                u8::try_from(part + (255 - part) * step / 20).unwrap_or(255)
            };
            Self(self.0.map(lighter))
        });
        let mut readable = shades.filter(|shade| shade.contrast(ground) >= READABLE);
        readable.next().unwrap_or(Self::WHITE)
    }
}

#[cfg(test)]
mod tests {
    use super::{Color, DARK_CARD, Looks, READABLE};

    fn style(color: &str) -> Result<Option<String>, String> {
        let looks = Looks {
            accent_color: Some(color.to_owned()),
            ..Looks::default()
        };
        looks.accent_style().map_err(|error| error.to_string())
    }

    #[test]
    fn a_color_gets_a_shade_that_can_be_read_in_the_dark_too() {
        for color in ["#000000", "#0b5cad", "#7a1fa2", "#b3261e", "#006400"] {
            let style = style(color).unwrap().unwrap();
            let shade = style.split(", ").nth(1).unwrap();
            let shade = Color::parse(&shade[..7]).unwrap();
            assert!(style.contains(&format!("light-dark({color}, ")), "{style}");
            assert!(shade.contrast(DARK_CARD) >= READABLE, "{style}");
        }
    }

    #[test]
    fn what_is_no_color_or_too_light_is_an_error_that_says_so() {
        for color in [
            "red",
            "#fff",
            "#12345g",
            "#123456; } body { display: none",
            "",
        ] {
            assert!(style(color).unwrap_err().contains("is no color"), "{color}");
        }
        assert!(style("#ffcc00").unwrap_err().contains("too light"));
    }

    #[test]
    fn a_link_at_the_foot_is_a_path_or_an_address_of_the_web() {
        let check = |link: &str| {
            let looks = Looks {
                footer_links: vec![("Link".to_owned(), link.to_owned())],
                ..Looks::default()
            };
            looks.check_links().is_ok()
        };
        assert!(check("/privacy") && check("https://example.com/imprint"));
        assert!(!check("javascript:alert(1)") && !check("//evil.example") && !check("privacy"));
    }
}
