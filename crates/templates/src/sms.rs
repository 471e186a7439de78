//! How many text messages a text is: in the 7-bit alphabet of GSM (3GPP TS 23.038) where it has all
//! characters, else in UCS-2. A text of several parts loses a header in each of them (TS 23.040).

/// Characters beside ASCII letters and digits that take one place in the alphabet.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Those that take two places.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a character: 160 in one part, 153 in each of several.
    Gsm7,
    /// Two bytes a character: 70 in one part, 67 in each of several.
    Ucs2,
}

/// The size of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// How it is sent.
    pub encoding: Encoding,
    /// Places that it takes: characters, where some take two.
    pub places: usize,
    /// Messages that are paid for; 0 of an empty text.
    pub parts: usize,
}

/// The size of a text. The signature that a vendor puts before it counts, too: the caller has it in
/// the text.
#[must_use]
pub fn parts(text: &str) -> Parts {
    let sizes: Option<Vec<usize>> = text.chars().map(septets).collect();
    let (encoding, sizes, single, each) = match sizes {
        Some(sizes) => (Encoding::Gsm7, sizes, 160, 153),
        None => (Encoding::Ucs2, text.chars().map(char::len_utf16).collect(), 70, 67),
    };
    let places = sizes.iter().sum();
    let parts = if places <= single {
        usize::from(places > 0)
    } else {
        // What takes two places stands in one part.
        let (parts, _) = sizes.iter().fold((1, 0), |(parts, used), size| {
            if used + size > each { (parts + 1, *size) } else { (parts, used + size) }
        });
        parts
    };
    Parts { encoding, places, parts }
}

fn septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || BASIC.contains(c) {
        Some(1)
    } else {
        EXTENSION.contains(c).then_some(2)
    }
}
