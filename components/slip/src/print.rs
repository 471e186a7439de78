//! How a slip looks: the QR code as SVG, and the lines for a receipt printer.

use std::fmt::Write as _;

use ledger::{Currency, Timestamp, Zone, local_date, local_hour, start_of_day};
use qrcode::types::Color;
use qrcode::{EcLevel, QrCode};

/// Light modules around the code, as the standard asks for.
const MARGIN: usize = 4;
/// Modules of version 15: phones do not read finer codes from the paper of receipt printers.
const MAX_WIDTH: usize = 77;

/// The QR code of a URL; `None` when it is too long. Nothing of the URL is text in the SVG.
pub fn svg(url: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(url, EcLevel::M).ok()?;
    let width = code.width();
    if width > MAX_WIDTH {
        return None;
    }
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row.iter().skip(x).take_while(|module| **module == Color::Dark).count();
            if run > 0 {
                write!(path, "M{} {}h{run}v1h-{run}z", x + MARGIN, y + MARGIN).ok()?;
            }
            x += run.max(1);
        }
    }
    let side = width + 2 * MARGIN;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

/// What is printed around the code.
pub struct Paper<'a> {
    pub store: &'a str,
    pub reference: &'a str,
    pub paid_at: Timestamp,
    pub zone: Zone,
    pub total_minor: i64,
    pub currency: Currency,
}

impl Paper<'_> {
    /// Lines of so many columns at most; a Chinese character takes two. `[QR]` marks the place of
    /// the code.
    pub fn text(&self, columns: usize) -> String {
        let rule = "-".repeat(columns);
        let mut lines = vec![centred(self.store, columns), rule.clone()];
        lines.extend(pair("订单 Order", self.reference, columns));
        lines.extend(pair("金额 Amount", &self.total(), columns));
        lines.extend(pair("时间 Time", &self.time(), columns));
        lines.push(rule);
        lines.push(centred("扫码积分", columns));
        lines.push(centred("Scan to earn points", columns));
        lines.push(centred("[QR]", columns));
        lines.push(String::new());
        lines.join("\n")
    }

    fn total(&self) -> String {
        let decimals = self.currency.decimals();
        let unit = 10i64.pow(decimals);
        let (whole, rest) = (self.total_minor.div_euclid(unit), self.total_minor.rem_euclid(unit));
        let width = usize::try_from(decimals).unwrap_or_default();
        let fraction = if decimals == 0 { String::new() } else { format!(".{rest:0width$}") };
        format!("{} {whole}{fraction}", self.currency)
    }

    fn time(&self) -> String {
        let day = local_date(self.paid_at, self.zone);
        let since = self.paid_at.0 - start_of_day(day, self.zone).0;
        let minute = since.div_euclid(60_000).rem_euclid(60);
        format!("{day} {:02}:{minute:02}", local_hour(self.paid_at, self.zone))
    }
}

fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(character: char) -> usize {
    if character < '\u{1100}' { 1 } else { 2 }
}

/// The beginning of a text that fits.
fn fitted(text: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |character: &char| {
        used += columns_of(*character);
        used <= columns
    };
    text.chars().take_while(fits).collect()
}

fn centred(text: &str, columns: usize) -> String {
    let text = fitted(text, columns);
    format!("{}{text}", " ".repeat((columns - width(&text)) / 2))
}

/// A name and its value, at both ends of a line; of two lines where one is too short. A value that
/// is longer than a line goes on in the next.
fn pair(name: &str, value: &str, columns: usize) -> Vec<String> {
    let (left, right) = (width(name), width(value));
    if left + right < columns {
        return vec![format!("{name}{}{value}", " ".repeat(columns - left - right))];
    }
    let mut lines = vec![name.to_owned()];
    let mut rest = value;
    while !rest.is_empty() {
        let line = fitted(rest, columns);
        rest = rest.get(line.len()..).filter(|_| !line.is_empty()).unwrap_or_default();
        lines.push(line);
    }
    lines
}
