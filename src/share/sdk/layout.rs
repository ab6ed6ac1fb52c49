//! Layout of code: on one line where it fits, else an item a line.

/// The most characters of a line that is not broken.
const WIDTH: usize = 72;

/// A piece of code.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CodePiece {
    /// Code that stays on one line.
    Text(String),
    /// A piece behind its name, like `name=`.
    Named(String, Box<CodePiece>),
    /// Items between brackets; the third text stands within those on one line.
    List(String, Vec<CodePiece>, &'static str, &'static str),
    /// A value, and calls on it that follow.
    Chain(Box<CodePiece>, Vec<CodePiece>),
}

impl CodePiece {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn list(open: impl Into<String>, items: Vec<Self>, close: &'static str) -> Self {
        Self::List(open.into(), items, close, "")
    }

    pub(super) fn named(self, name: impl Into<String>) -> Self {
        Self::Named(name.into(), Box::new(self))
    }

    /// Adds calls on the value.
    pub(super) fn followed_by(self, calls: Vec<Self>) -> Self {
        if calls.is_empty() { self } else { Self::Chain(Box::new(self), calls) }
    }

    /// Writes it on one line.
    pub(super) fn flat(&self) -> String {
        let mut text = String::new();
        self.write_flat(&mut text);
        text
    }

    fn write_flat(&self, text: &mut String) {
        match self {
            Self::Text(own) => text.push_str(own),
            Self::Named(name, piece) => {
                text.push_str(name);
                piece.write_flat(text);
            }
            Self::List(open, items, close, padding) => {
                text.push_str(open);
                let padding = if items.is_empty() { "" } else { padding };
                text.push_str(padding);
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    item.write_flat(text);
                }
                text.push_str(padding);
                text.push_str(close);
            }
            Self::Chain(head, calls) => {
                head.write_flat(text);
                for call in calls {
                    call.write_flat(text);
                }
            }
        }
    }
}

/// The layout of a language.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodeLayout {
    /// The spaces of a level.
    pub(super) indent: usize,
    /// True if a comma stands behind the last item too.
    pub(super) has_last_comma: bool,
}

impl CodeLayout {
    /// Writes a statement at a level, with text before and after the piece.
    pub(super) fn statement(self, level: usize, before: &str, piece: &CodePiece, after: &str) -> String {
        let mut writer = LayoutWriter { layout: self, text: String::new() };
        writer.indent(level);
        writer.text.push_str(before);
        writer.write(piece, level);
        writer.text.push_str(after);
        writer.text.push('\n');
        writer.text
    }
}

struct LayoutWriter {
    layout: CodeLayout,
    text: String,
}

impl LayoutWriter {
    fn write(&mut self, piece: &CodePiece, level: usize) {
        let flat = piece.flat();
        if self.last_line().chars().count() + flat.chars().count() < WIDTH {
            self.text.push_str(&flat);
            return;
        }
        match piece {
            CodePiece::Text(own) => self.text.push_str(own),
            CodePiece::Named(name, piece) => {
                self.text.push_str(name);
                self.write(piece, level);
            }
            CodePiece::List(open, items, close, _) => {
                self.text.push_str(open);
                match items.as_slice() {
                    [] => {}
                    [only @ CodePiece::List(..)] => self.write(only, level),
                    items => self.write_items(items, level),
                }
                self.text.push_str(close);
            }
            CodePiece::Chain(head, calls) => {
                self.write(head, level);
                for call in calls {
                    if !self.last_line().trim_start().starts_with(')') {
                        self.next_line(level + 1);
                    }
                    self.write(call, level + 1);
                }
            }
        }
    }

    fn write_items(&mut self, items: &[CodePiece], level: usize) {
        for (index, item) in items.iter().enumerate() {
            self.next_line(level + 1);
            self.write(item, level + 1);
            if self.layout.has_last_comma || index + 1 < items.len() {
                self.text.push(',');
            }
        }
        self.next_line(level);
    }

    fn last_line(&self) -> &str {
        self.text.rsplit('\n').next().unwrap_or_default()
    }

    fn next_line(&mut self, level: usize) {
        self.text.push('\n');
        self.indent(level);
    }

    fn indent(&mut self, level: usize) {
        self.text.extend(std::iter::repeat_n(' ', level * self.layout.indent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_where_it_is_too_long() {
        let python = CodeLayout { indent: 4, has_last_comma: true };
        let call = |name: &str| {
            CodePiece::list("client.add(", vec![CodePiece::text("7"), CodePiece::text(name).named("name=")], ")")
        };
        assert_eq!(python.statement(1, "pet = ", &call("\"Bello\""), ""), "    pet = client.add(7, name=\"Bello\")\n");
        let long = format!("\"{}\"", "x".repeat(60));
        let expected = format!("pet = client.add(\n    7,\n    name={long},\n)\n");
        assert_eq!(python.statement(0, "pet = ", &call(&long), ""), expected);
    }

    #[test]
    fn an_only_argument_stays_beside_its_bracket_and_calls_begin_lines() {
        let layout = CodeLayout { indent: 2, has_last_comma: false };
        let long = CodePiece::text(format!("\"{}\"", "x".repeat(60)));
        let fields = vec![long.clone().named("a: "), CodePiece::text("1").named("b: ")];
        let object = CodePiece::List("{".to_owned(), fields, "}", " ");
        let call = CodePiece::list("f(", vec![object], ")");
        let expected = format!("f({{\n  a: {},\n  b: 1\n}});\n", long.flat());
        assert_eq!(layout.statement(0, "", &call, ";"), expected);
        let link = |name: &str, value| CodePiece::list(format!(".{name}("), vec![value], ")");
        let pet =
            CodePiece::text("new Pet()").followed_by(vec![link("a", long.clone()), link("b", CodePiece::text("1"))]);
        let call = CodePiece::list("c.add(", vec![pet], ")").followed_by(vec![CodePiece::text(".send()")]);
        let expected = format!("c.add(\n  new Pet()\n    .a({})\n    .b(1)\n).send();\n", long.flat());
        assert_eq!(layout.statement(0, "", &call, ";"), expected);
    }
}
