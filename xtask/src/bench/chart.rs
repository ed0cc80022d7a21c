//! The table as a picture: bars for the shares of the bare axum route.

use crate::bench::load::Measured;

const WIDTH: f64 = 760.0;
/// Where the shares end, and the bars begin.
const SHARES_TO: f64 = 420.0;
const BARS_FROM: f64 = 432.0;
/// Of a bar as high as the bare axum route.
const BAR_WIDTH: f64 = 280.0;
const ROW_HEIGHT: f64 = 24.0;
const FIRST_ROW: f64 = 48.0;

/// Colours for light and for dark screens.
const STYLE: &str = "
    text { font: 13px system-ui, sans-serif; fill: #24292f; }
    .title { font-weight: 600; }
    .share { text-anchor: end; }
    .line { stroke: #24292f; stroke-dasharray: 2 3; }
    .ours { fill: #2563c9; }
    .peer { fill: #9aa4b0; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6e8eb; }
      .line { stroke: #e6e8eb; }
      .ours { fill: #6ea1f7; }
      .peer { fill: #6b7480; }
    }
";

pub(super) fn draw(measured: &[Measured]) -> String {
    let mut rows = String::new();
    let mut top = FIRST_ROW;
    for measured in measured {
        rows += &row(measured, top);
        top += ROW_HEIGHT;
    }
    let height = top + 8.0;
    let one = BARS_FROM + BAR_WIDTH;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">
  <title>Requests per second, as a share of the bare axum route</title>
  <style>{STYLE}  </style>
  <text class="title" x="8" y="24">Requests per second, as a share of the bare axum route</text>
{rows}  <line class="line" x1="{one}" x2="{one}" y1="{FIRST_ROW}" y2="{top}"/>
</svg>
"#
    )
}

fn row(measured: &Measured, top: f64) -> String {
    let share = measured.of_bare_axum;
    let width = share * BAR_WIDTH;
    let class = match measured.app.is_ours {
        true => "ours",
        false => "peer",
    };
    let text_at = top + 16.0;
    let bar_at = top + 3.0;
    format!(
        r#"  <text x="8" y="{text_at}">{}: {}</text>
  <text class="share" x="{SHARES_TO}" y="{text_at}">{share:.2}</text>
  <rect class="{class}" x="{BARS_FROM}" y="{bar_at}" width="{width:.1}" height="16"/>
"#,
        measured.app.name, measured.route,
    )
}
