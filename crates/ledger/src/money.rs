//! Money: an integer of minor units and its currency. Never a float, never converted here.

use std::fmt;

/// A three-letter ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a code of three capital letters. The list of ISO 4217 is not checked: programmes name
    /// their own currency.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_uppercase).then_some(Self(bytes))
    }

    /// How many decimals the minor unit stands for. Source: ISO 4217, table A.1 (active codes whose
    /// minor unit is not 2).
    #[must_use]
    pub fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{}", char::from(*b)))
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The amount in minor units (cents, fen).
    pub amount_minor: i64,
    /// What the minor units are of.
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_three_capital_letters() {
        assert_eq!(
            Currency::new("CNY").map(|c| (c.to_string(), c.decimals())),
            Some(("CNY".to_owned(), 2))
        );
        assert_eq!(Currency::new("JPY").map(Currency::decimals), Some(0));
        for bad in ["", "cny", "CN", "CNYX", "C1Y", "¥"] {
            assert_eq!(Currency::new(bad), None, "{bad}");
        }
    }
}
