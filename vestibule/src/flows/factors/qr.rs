//! A text as a QR code (ISO/IEC 18004), in SVG.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// The empty margin that readers need, in modules.
const MARGIN: i32 = 4;

/// The code as an `svg` element, black on white, with this name for screen readers, which must have
/// no markup. `None` if the text is too long for a code.
pub(super) fn svg(text: &str, name: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * MARGIN;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing to a string does not fail.
            let _ = write!(path, "M{},{}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    Some(format!(
        r##"<svg class="qr" role="img" aria-label="{name}" viewBox="0 0 {side} {side}" width="232" height="232" shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path fill="#000" d="{path}"/></svg>"##
    ))
}
