//! Translation of regular expressions from ECMA-262 to the dialect of the engine.
//!
//! Both have most of their syntax in common and read some of it differently: `\d` has the digits of ASCII alone, `\<`
//! is a `<`, `[^]` is any character, `.` is no line terminator. The grammar is the one of annex B.1.2, which browsers
//! and Node take without the flag `u`, so that `[\w-.]` is a class with a hyphen; characters are code points, as with
//! the flag. What is written here is ECMA-262 again and means the same in both dialects.

mod characters;

use std::borrow::Cow;
use std::fmt::Write;

use super::dialect::foreign_construct;
use characters::{CharacterRanges, DIGITS, LAST, SPACE, WORD, push_character, written_ranges};

const ANY: &str = r"[\u{0}-\u{10FFFF}]";
const NEVER: &str = r"[^\u{0}-\u{10FFFF}]";
const NO_LINE_TERMINATOR: &str = r"[^\n\r\u{2028}\u{2029}]";
/// Boundaries of words of ASCII; `\b` of the engine has the letters of all scripts.
const BOUNDARY: &str = "(?:(?<![A-Za-z0-9_])(?=[A-Za-z0-9_])|(?<=[A-Za-z0-9_])(?![A-Za-z0-9_]))";
const NO_BOUNDARY: &str = "(?:(?<![A-Za-z0-9_])(?![A-Za-z0-9_])|(?<=[A-Za-z0-9_])(?=[A-Za-z0-9_]))";

/// Translates a pattern; `None` if it is no regular expression. One of another dialect stays in that dialect.
pub(in crate::definition) fn translated_pattern(pattern: &str) -> Option<Cow<'_, str>> {
    if foreign_construct(pattern).is_some() {
        return jsonschema_regex::to_rust_regex(pattern).ok();
    }
    let translation = PatternTranslation::of(pattern)?;
    Some(if translation.out == pattern { Cow::Borrowed(pattern) } else { Cow::Owned(translation.out) })
}

/// Returns the first construct of a pattern that only annex B.1.2 allows: validators that set the flag `u`, as JSON
/// Schema recommends (2020-12, section 6.4), refuse it.
pub(crate) fn legacy_construct(pattern: &str) -> Option<&str> {
    PatternTranslation::of(pattern)?.legacy
}

/// Lists the names of the groups that capture, in order; `None` if two have the same one.
fn capture_groups(pattern: &str) -> Option<Vec<Option<&str>>> {
    let mut groups: Vec<Option<&str>> = Vec::new();
    let mut in_class = false;
    let mut letters = pattern.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let behind = pattern.get(at + 1..)?;
                let name = behind.strip_prefix("?<").filter(|name| !name.starts_with(['=', '!']));
                let name = name.and_then(|name| name.split_once('>')).map(|(name, _)| name);
                if name.is_some() && groups.contains(&name) {
                    return None;
                }
                if name.is_some() || !behind.starts_with('?') {
                    groups.push(name);
                }
            }
            _ => {}
        }
    }
    Some(groups)
}

struct PatternTranslation<'p> {
    rest: &'p str,
    out: String,
    groups: Vec<Option<&'p str>>,
    /// The first construct that only annex B.1.2 allows.
    legacy: Option<&'p str>,
}

/// A member of a class.
enum ClassAtom {
    Character(u32),
    /// Several characters, as they are written in a class.
    Set(String),
}

impl<'p> PatternTranslation<'p> {
    fn of(pattern: &'p str) -> Option<Self> {
        let groups = capture_groups(pattern)?;
        let mut translation = Self { rest: pattern, out: String::with_capacity(pattern.len()), groups, legacy: None };
        translation.pattern()?;
        Some(translation)
    }

    /// Notes that the rest begins with a construct that only annex B.1.2 allows.
    fn note_legacy(&mut self, length: usize) {
        self.legacy = self.legacy.or(self.rest.get(..length));
    }

    fn pattern(&mut self) -> Option<()> {
        let mut follows_quantifier = false;
        while let Some(letter) = self.rest.chars().next() {
            let count = self.count();
            let is_quantifier = matches!(letter, '*' | '+' | '?') || count.is_some();
            if is_quantifier && follows_quantifier {
                return None;
            }
            if count.is_none() && matches!(letter, '{' | '}' | ']') {
                self.note_legacy(1);
            }
            match (letter, count) {
                (_, Some(count)) => self.copy(count.len()),
                ('\\', _) => self.escape()?,
                ('[', _) => self.class()?,
                ('(', _) => self.group()?,
                ('.', _) => self.replace(1, NO_LINE_TERMINATOR),
                ('{', _) => self.replace(1, r"\{"),
                ('}', _) => self.replace(1, r"\}"),
                (']', _) => self.replace(1, r"\]"),
                (other, _) => self.copy(other.len_utf8()),
            }
            if is_quantifier && self.rest.starts_with('?') {
                self.copy(1);
            }
            follows_quantifier = is_quantifier;
        }
        Some(())
    }

    fn skip(&mut self, length: usize) -> &'p str {
        let (head, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        head
    }

    fn copy(&mut self, length: usize) {
        let copied = self.skip(length);
        self.out.push_str(copied);
    }

    fn replace(&mut self, length: usize, by: &str) {
        self.skip(length);
        self.out.push_str(by);
    }

    /// Returns the repetition `{n}`, `{n,}` or `{n,m}` that the rest begins with; other braces are text (annex B.1.2).
    fn count(&self) -> Option<&'p str> {
        let (inner, _) = self.rest.strip_prefix('{')?.split_once('}')?;
        let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        (!least.is_empty() && is_number(least) && is_number(most)).then(|| self.rest.get(..inner.len() + 2))?
    }

    fn group(&mut self) -> Option<()> {
        match self.rest.strip_prefix("(?<").filter(|name| !name.starts_with(['=', '!'])) {
            // References to it are by number.
            Some(name) => {
                let (name, _) = name.split_once('>')?;
                self.replace(name.len() + "(?<>".len(), "(");
            }
            None if self.rest.starts_with("(?") => self.copy("(?".len()),
            None => self.copy(1),
        }
        Some(())
    }

    fn escape(&mut self) -> Option<()> {
        self.skip(1);
        let letter = self.rest.chars().next()?;
        match letter {
            'b' => self.replace(1, BOUNDARY),
            'B' => self.replace(1, NO_BOUNDARY),
            'k' if self.groups.iter().any(Option::is_some) => {
                let (name, _) = self.rest.strip_prefix("k<")?.split_once('>')?;
                let number = self.groups.iter().position(|group| *group == Some(name))? + 1;
                self.replace(name.len() + "k<>".len(), &format!("(?:\\{number})"));
            }
            '1'..='9' => {
                let digits = self.rest.len() - self.rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
                let number: usize = self.rest.get(..digits)?.parse().ok()?;
                if number <= self.groups.len() {
                    self.replace(digits, &format!("(?:\\{number})"));
                } else {
                    let code = self.octal();
                    push_character(&mut self.out, code, false)?;
                }
            }
            _ => match self.atom()? {
                ClassAtom::Character(code) => push_character(&mut self.out, code, false)?,
                ClassAtom::Set(set) => {
                    let _ = write!(self.out, "[{set}]");
                }
            },
        }
        Some(())
    }

    fn class(&mut self) -> Option<()> {
        self.skip(1);
        let is_negated = self.rest.starts_with('^');
        self.skip(usize::from(is_negated));
        if self.rest.starts_with(']') {
            self.replace(1, if is_negated { ANY } else { NEVER });
            return Some(());
        }
        self.out.push_str(if is_negated { "[^" } else { "[" });
        while !self.rest.starts_with(']') {
            let start = self.rest;
            let first = self.class_atom()?;
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            let last = if is_range {
                self.skip(1);
                Some(self.class_atom()?)
            } else {
                None
            };
            match (first, last) {
                (ClassAtom::Character(first), Some(ClassAtom::Character(last))) => {
                    if first > last {
                        return None;
                    }
                    push_character(&mut self.out, first, true)?;
                    self.out.push('-');
                    push_character(&mut self.out, last, true)?;
                }
                // A set has no place in a range: its hyphen is text (annex B.1.2).
                (first, last) => {
                    self.member(&first)?;
                    if let Some(last) = last {
                        let length = start.len() - self.rest.len();
                        self.legacy = self.legacy.or(start.get(..length));
                        self.out.push_str(r"\-");
                        self.member(&last)?;
                    }
                }
            }
        }
        self.copy(1);
        Some(())
    }

    fn member(&mut self, atom: &ClassAtom) -> Option<()> {
        match atom {
            ClassAtom::Character(code) => push_character(&mut self.out, *code, true),
            ClassAtom::Set(set) => {
                self.out.push_str(set);
                Some(())
            }
        }
    }

    fn class_atom(&mut self) -> Option<ClassAtom> {
        let letter = self.rest.chars().next()?;
        self.skip(letter.len_utf8());
        if letter != '\\' {
            return Some(ClassAtom::Character(letter.into()));
        }
        match self.rest.chars().next()? {
            'b' => {
                self.skip(1);
                Some(ClassAtom::Character(0x08))
            }
            '1'..='9' => Some(ClassAtom::Character(self.octal())),
            _ => self.atom(),
        }
    }

    /// Parses an escape behind its backslash, one that is the same within a class and outside.
    fn atom(&mut self) -> Option<ClassAtom> {
        let letter = self.rest.chars().next()?;
        let character = |this: &mut Self, code: u32| {
            this.skip(letter.len_utf8());
            Some(ClassAtom::Character(code))
        };
        let set = |this: &mut Self, ranges: &CharacterRanges, is_negated: bool| {
            this.skip(1);
            Some(ClassAtom::Set(written_ranges(ranges, is_negated)))
        };
        match letter {
            'd' | 'D' => set(self, DIGITS, letter == 'D'),
            'w' | 'W' => set(self, WORD, letter == 'W'),
            's' | 'S' => set(self, SPACE, letter == 'S'),
            'p' | 'P' => {
                let length = self.rest.find('}')? + 1;
                Some(ClassAtom::Set(format!("\\{}", self.skip(length))))
            }
            'f' => character(self, 0x0C),
            'n' => character(self, 0x0A),
            'r' => character(self, 0x0D),
            't' => character(self, 0x09),
            'v' => character(self, 0x0B),
            '0' => Some(ClassAtom::Character(self.octal())),
            'c' => match self.rest.chars().nth(1).filter(char::is_ascii_alphabetic) {
                Some(control) => {
                    self.skip(2);
                    Some(ClassAtom::Character(u32::from(control) % 32))
                }
                // The backslash is text, and the letter stays in the rest.
                None => Some(ClassAtom::Character('\\'.into())),
            },
            'x' => match self.hexadecimal(1, 2) {
                Some(code) => Some(ClassAtom::Character(code)),
                None => character(self, letter.into()),
            },
            'u' => self.unicode(),
            other => character(self, other.into()),
        }
    }

    /// Parses hexadecimal digits that stand so far behind the beginning of the rest.
    fn hexadecimal(&mut self, at: usize, digits: usize) -> Option<u32> {
        let written = self.rest.get(at..at + digits)?;
        let code =
            written.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(written, 16).ok())??;
        self.skip(at + digits);
        Some(code)
    }

    fn unicode(&mut self) -> Option<ClassAtom> {
        if let Some((digits, _)) = self.rest.strip_prefix("u{").and_then(|rest| rest.split_once('}')) {
            let code = u32::from_str_radix(digits, 16).ok().filter(|code| *code <= LAST)?;
            self.skip(digits.len() + "u{}".len());
            return Some(ClassAtom::Character(code));
        }
        let Some(lead) = self.hexadecimal(1, 4) else {
            self.skip(1);
            return Some(ClassAtom::Character('u'.into()));
        };
        // Two surrogates are one character.
        if (0xD800..0xDC00).contains(&lead) && self.rest.starts_with("\\u") {
            let trail = self.hexadecimal(2, 4).filter(|trail| (0xDC00..0xE000).contains(trail))?;
            return Some(ClassAtom::Character(0x1_0000 + ((lead - 0xD800) << 10) + (trail - 0xDC00)));
        }
        Some(ClassAtom::Character(lead))
    }

    /// Parses digits that are no reference to a group: the code of a character in octal, or the digit itself.
    fn octal(&mut self) -> u32 {
        let mut code = 0;
        let mut length = 0;
        for digit in self.rest.chars().map_while(|digit| digit.to_digit(8)).take(3) {
            if code * 8 + digit > 0o377 {
                break;
            }
            code = code * 8 + digit;
            length += 1;
        }
        if length == 0 {
            code = self.rest.chars().next().map_or(0, u32::from);
            length = 1;
        }
        self.skip(length);
        code
    }
}

#[cfg(test)]
mod tests;
