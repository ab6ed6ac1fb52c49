//! Exact numbers: bounds and listed values are compared as they are written, beyond the 17 digits of a double.

use std::cmp::Ordering;
use std::fmt;

use num_bigint::{BigInt, Sign};
use serde_json::Number;

use super::document::Node;

/// Longer numbers are compared by their nearest double.
const MOST_DIGITS: usize = 2_000;
/// So are those with a greater exponent.
const MOST_EXPONENT: i64 = 2_000;

/// A decimal number: a whole number times a power of ten.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Decimal {
    /// Without zeros at its end.
    mantissa: BigInt,
    exponent: i64,
}

impl Decimal {
    /// Returns the number that a node is.
    pub(crate) fn of(node: Node<'_>) -> Option<Self> {
        let number = node.as_number()?;
        Some(node.number_text().and_then(Self::parse).unwrap_or_else(|| Self::of_number(number)))
    }

    /// Returns the number of a bound, which may lie beyond all doubles and so was read as a text: `1e400`.
    pub(crate) fn of_bound(node: Node<'_>) -> Option<Self> {
        let beyond = || node.as_str().filter(|text| text.parse::<f64>().is_ok_and(f64::is_infinite));
        Self::of(node).or_else(|| Self::parse(beyond()?))
    }

    /// Returns a number as it was stored.
    pub(crate) fn of_number(number: &Number) -> Self {
        Self::parse(&number.to_string()).unwrap_or_else(|| Self::from(0))
    }

    /// Parses digits with a fraction and an exponent; `None` where that is none, or has too many of them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_right =
            digits.len() <= MOST_DIGITS && exponent.abs() <= MOST_EXPONENT && !fraction.starts_with(['+', '-']);
        let mantissa: BigInt = is_right.then(|| format!("{whole}{fraction}").parse().ok()).flatten()?;
        Some(Self::normal(mantissa, exponent - i64::try_from(fraction.len()).ok()?))
    }

    fn normal(mut mantissa: BigInt, mut exponent: i64) -> Self {
        if mantissa.sign() == Sign::NoSign {
            return Self { mantissa, exponent: 0 };
        }
        let ten = BigInt::from(10);
        while (&mantissa % &ten).sign() == Sign::NoSign {
            mantissa /= &ten;
            exponent += 1;
        }
        Self { mantissa, exponent }
    }

    pub(crate) fn is_positive(&self) -> bool {
        self.mantissa.sign() == Sign::Plus
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.exponent >= 0
    }

    /// Returns the nearest whole number that is not below it (`up`), or not above.
    pub(crate) fn rounded(&self, up: bool) -> Self {
        if self.is_whole() {
            return self.clone();
        }
        // Division cuts towards zero.
        let cut = &self.mantissa / power(-self.exponent);
        let is_up = self.is_positive();
        Self::normal(if up == is_up { cut + if up { 1 } else { -1 } } else { cut }, 0)
    }

    /// Returns the next whole number, or the one before.
    pub(crate) fn next(&self, up: bool) -> Self {
        let whole = &self.mantissa * power(self.exponent.max(0));
        Self::normal(whole + if up { 1 } else { -1 }, 0)
    }

    /// Tells whether it is a multiple of a number above zero.
    pub(crate) fn is_multiple_of(&self, step: &Self) -> bool {
        let (number, step) = self.aligned(step);
        step.sign() != Sign::NoSign && (number % step).sign() == Sign::NoSign
    }

    /// Returns the least number above zero of which both are divisors, both above zero.
    pub(crate) fn common_multiple(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        let (one, other) = self.aligned(other);
        let (mut divisor, mut rest) = (one.clone(), other.clone());
        while rest.sign() != Sign::NoSign {
            (divisor, rest) = (rest.clone(), divisor % rest);
        }
        Self::normal(one / divisor * other, exponent)
    }

    pub(crate) fn to_i64(&self) -> Option<i64> {
        let is_small = (0..19).contains(&self.exponent);
        is_small.then(|| i64::try_from(&self.mantissa * power(self.exponent)).ok()).flatten()
    }

    /// Writes both as multiples of one power of ten.
    fn aligned(&self, other: &Self) -> (BigInt, BigInt) {
        let exponent = self.exponent.min(other.exponent);
        let at = |number: &Self| &number.mantissa * power(number.exponent - exponent);
        (at(self), at(other))
    }
}

fn power(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or_default())
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self::normal(number.into(), 0)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = self.aligned(other);
        one.cmp(&other)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    /// Writes the digits without an exponent, so that equal numbers have one text.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(places) = usize::try_from(-self.exponent).ok().filter(|places| *places > 0) else {
            return write!(formatter, "{}", &self.mantissa * power(self.exponent));
        };
        let sign = if self.mantissa.sign() == Sign::Minus { "-" } else { "" };
        let digits = format!("{:0>width$}", self.mantissa.magnitude().to_string(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        write!(formatter, "{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn numbers_are_exact() {
        for (text, shown) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("1.50", "1.5"),
            ("+7", "7"),
            ("-0.05e1", "-0.5"),
            ("1e3", "1000"),
            ("123e-5", "0.00123"),
            ("18446744073709551616", "18446744073709551616"),
            (".5", "0.5"),
            ("5.", "5"),
        ] {
            assert_eq!(number(text).to_string(), shown, "{text}");
        }
        for text in ["", "-", "x", "1e", "1e9999", "1.-5", "1e400000000000000000000", &"9".repeat(2_001)] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_ordered_rounded_and_divided() {
        let ordered = ["-1e400", "-9223372036854775809", "-9223372036854775808", "-1.5", "0", "1e-400", "0.3", "1e400"];
        for pair in ordered.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
        for (text, down, up) in
            [("1.5", "1", "2"), ("-1.5", "-2", "-1"), ("0.1", "0", "1"), ("-0.1", "-1", "0"), ("7", "7", "7")]
        {
            assert_eq!((number(text).rounded(false), number(text).rounded(true)), (number(down), number(up)), "{text}");
        }
        assert_eq!((number("10").next(true), number("-1").next(false)), (number("11"), number("-2")));
        for (of, step, is_multiple) in [
            ("9007199254740993", "9007199254740992", false),
            ("0.3", "0.1", true),
            ("1e400", "3", false),
            ("0", "0.7", true),
            ("1", "0", false),
        ] {
            assert_eq!(number(of).is_multiple_of(&number(step)), is_multiple, "{of} {step}");
        }
        for (one, other, multiple) in
            [("2", "3", "6"), ("1", "1.5", "3"), ("1", "0.3", "3"), ("0.4", "0.6", "1.2"), ("10", "1", "10")]
        {
            assert_eq!(number(one).common_multiple(&number(other)), number(multiple), "{one} {other}");
        }
        assert_eq!(
            (number("1e18").to_i64(), number("1e19").to_i64(), number("0.5").to_i64()),
            (Some(10_i64.pow(18)), None, None)
        );
    }
}
