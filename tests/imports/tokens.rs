//! Words, symbols and texts of a source, as far as imports and literals need them.

use std::collections::BTreeSet;

/// A token of a source; comments, lifetimes and characters are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Symbol(char),
    Text(String),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    fn word(&self) -> Option<&String> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }
}

/// Splits a source.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some((text, length)) = raw_text(rest) {
            found.push(Token::Text(text));
            length
        } else if first == '"' {
            let length = text_length(rest);
            // A line that ends in a backslash goes on with the next one's first character.
            let mut lines = rest[1..length - 1].split("\\\n");
            let first = lines.next().unwrap_or_default().to_owned();
            found.push(Token::Text(lines.fold(first, |text, line| text + line.trim_start())));
            length
        } else if first == '\'' {
            character_length(rest)
        } else if first == '_' || first.is_alphanumeric() {
            let end = rest.find(|each: char| each != '_' && !each.is_alphanumeric()).unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            end
        } else {
            found.extend((!first.is_whitespace()).then_some(Token::Symbol(first)));
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// Returns a raw text at the beginning, and its length in the source.
fn raw_text(source: &str) -> Option<(String, usize)> {
    let after = source.strip_prefix("br").or_else(|| source.strip_prefix('r'))?;
    let content = after.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(after.len() - content.len()));
    let content = content.strip_prefix('"')?;
    let at = content.find(&end)?;
    Some((content[..at].to_owned(), source.len() - content.len() + at + end.len()))
}

fn text_length(source: &str) -> usize {
    let mut is_escaped = false;
    let closes = |(_, each): &(usize, char)| {
        let closes = *each == '"' && !is_escaped;
        is_escaped = *each == '\\' && !is_escaped;
        closes
    };
    source.char_indices().skip(1).find(closes).map_or(source.len(), |(at, _)| at + 1)
}

/// Returns the length of a character, or of the mark of a lifetime.
fn character_length(source: &str) -> usize {
    let mut characters = source.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => source[3..].find('\'').map_or(source.len(), |end| end + 4),
        _ => characters.next().filter(|(_, each)| *each == '\'').map_or(1, |(at, _)| at + 1),
    }
}

/// Returns the position behind an item: behind its semicolon, or its block.
fn item_end(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token {
            Token::Symbol('{') => depth += 1,
            Token::Symbol('}') => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            Token::Symbol(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Returns the position behind `#[cfg(test)]`, where that stands.
fn test_attribute(tokens: &[Token], at: usize) -> Option<usize> {
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
    let matches = |(token, expected): (&Token, &str)| match token {
        Token::Word(word) => word == expected,
        Token::Symbol(symbol) => expected.chars().eq([*symbol]),
        Token::Text(_) => false,
    };
    let there = tokens.get(at..at + attribute.len())?;
    there.iter().zip(attribute).all(matches).then_some(at + attribute.len())
}

/// Leaves out items that are compiled for tests alone.
pub(crate) fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut product = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(item) = test_attribute(tokens, at) {
            at = item_end(tokens, item);
        } else {
            product.push(token.clone());
            at += 1;
        }
    }
    product
}

/// Lists the modules in files of their own that are compiled for tests alone.
pub(crate) fn test_modules(tokens: &[Token]) -> BTreeSet<String> {
    let items = (0..tokens.len()).filter_map(|at| test_attribute(tokens, at));
    items.flat_map(|item| child_modules(&tokens[item..item_end(tokens, item)])).collect()
}

/// Lists the modules in files of their own.
pub(crate) fn child_modules(tokens: &[Token]) -> BTreeSet<String> {
    let declared = tokens.windows(3).filter(|three| three[0].is("mod") && three[2] == Token::Symbol(';'));
    declared.filter_map(|three| three[1].word().cloned()).collect()
}

/// Lists the string literals.
pub(crate) fn texts(tokens: &[Token]) -> Vec<String> {
    let text = |token: &Token| if let Token::Text(text) = token { Some(text.clone()) } else { None };
    tokens.iter().filter_map(text).collect()
}

/// Lists the paths of imports and of expressions. A visibility like `pub(in crate::cli)` is none.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_visibility = at > 1 && tokens[at - 1].is("in") && tokens[at - 2] == Token::Symbol('(');
        if tokens[at].is("use") {
            at = tree(tokens, at + 1, &[], &mut found);
        } else if tokens[at].word().is_some() && is_separator(tokens, at + 1) {
            let (path, end) = plain_path(tokens, at);
            found.extend((!is_visibility).then_some(path));
            at = end;
        } else {
            at += 1;
        }
    }
    found
}

fn is_separator(tokens: &[Token], at: usize) -> bool {
    tokens.get(at..at + 2).is_some_and(|two| two.iter().all(|token| *token == Token::Symbol(':')))
}

/// Reads words with separators between them, and returns the position behind.
fn plain_path(tokens: &[Token], start: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    let mut at = start;
    while let Some(word) = tokens.get(at).and_then(Token::word) {
        path.push(word.clone());
        at += 1;
        if !is_separator(tokens, at) || tokens.get(at + 2).and_then(Token::word).is_none() {
            break;
        }
        at += 2;
    }
    (path, at)
}

/// Reads a tree of imports below a path, and returns the position behind.
fn tree(tokens: &[Token], start: usize, above: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let (own, mut at) = plain_path(tokens, start);
    let path = [above, &own].concat();
    if is_separator(tokens, at) {
        at += 2;
    }
    if tokens.get(at) == Some(&Token::Symbol('{')) {
        at += 1;
        while at < tokens.len() && tokens[at] != Token::Symbol('}') {
            at = tree(tokens, at, &path, found);
            at += usize::from(tokens.get(at) == Some(&Token::Symbol(',')));
        }
        return at + 1;
    }
    found.extend((!path.is_empty()).then_some(path));
    // A new name or a star ends the branch.
    let ends = |token: &Token| [',', ';', '}'].iter().any(|end| *token == Token::Symbol(*end));
    tokens[at..].iter().position(ends).map_or(tokens.len(), |end| at + end)
}
