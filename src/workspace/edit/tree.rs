//! The tree of a YAML text (of which JSON is a part), each node with its place in the text.

use super::change::{EditStop, line_and_column};
use super::error::EditRefusal;
use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};
use std::collections::HashMap;
use std::iter::Peekable;
use std::ops::Range;

/// The factor by which aliases may multiply a text, and the number of nodes that they may always produce.
const MOST_EXPANSION: (u64, u64) = (10, 100_000);

/// A document with everything that an edit needs to know of it.
#[derive(Debug)]
pub(super) struct EditTree {
    /// The value, if there is one.
    pub(super) root: Option<TreeNode>,
    /// The comments in their order.
    pub(super) comments: Vec<Comment>,
    /// End of the document: before `...`, or with the text.
    pub(super) end: usize,
    /// Starts of the nodes that have text, in order.
    starts: Vec<usize>,
    /// Places of the aliases of each anchor, by its number.
    aliases: HashMap<usize, Vec<usize>>,
}

/// A comment.
#[derive(Debug)]
pub(super) struct Comment {
    /// Its range, from its `#` to the end of its line.
    pub(super) range: Range<usize>,
    /// Its column in characters, from 0.
    pub(super) column: usize,
}

/// A value or key.
#[derive(Debug)]
pub(super) struct TreeNode {
    /// The node itself.
    pub(super) shape: NodeContent,
    /// Range of its text, without anchor and tag; that of a block scalar without its header.
    pub(super) range: Range<usize>,
    /// Its column in characters, from 0.
    pub(super) column: usize,
    /// End of its anchor or tag.
    pub(super) properties_end: Option<usize>,
    /// True if it has an explicit tag.
    pub(super) tagged: bool,
    anchor: Option<(usize, String)>,
    /// The number of nodes, with all aliases expanded.
    size: u64,
}

/// The kind of a node, with its content.
#[derive(Debug)]
pub(super) enum NodeContent {
    /// Nothing is written.
    Empty,
    /// `*name`
    Alias,
    /// A scalar without quotes.
    Plain,
    /// A scalar in single quotes.
    Single,
    /// A scalar in double quotes.
    Double,
    /// A literal or folded scalar.
    Block,
    /// A list.
    Sequence {
        /// True if it is in brackets.
        flow: bool,
        /// Its items.
        items: Vec<TreeNode>,
    },
    /// A mapping.
    Mapping {
        /// True if it is in braces.
        flow: bool,
        /// Its entries.
        entries: Vec<MappingEntry>,
    },
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct MappingEntry {
    /// The key.
    pub(super) key: TreeNode,
    /// The key's text, where it is a scalar.
    pub(super) name: Option<String>,
    /// Position of the colon, if it follows the key in its line.
    pub(super) colon: Option<usize>,
    /// The value.
    pub(super) value: TreeNode,
}

impl MappingEntry {
    /// Returns where the value may begin: after the colon and the value's anchor.
    pub(super) fn base(&self) -> Option<usize> {
        self.colon.map(|colon| self.value.properties_end.unwrap_or(0).max(colon + 1))
    }

    /// Returns where the last character of the entry ends.
    pub(super) fn end(&self) -> usize {
        self.base().unwrap_or(0).max(self.key.range.end).max(self.value.range.end)
    }
}

impl TreeNode {
    /// Names the kind of the node, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self.shape {
            NodeContent::Empty => "nothing",
            NodeContent::Alias => "an alias",
            NodeContent::Sequence { .. } => "a list",
            NodeContent::Mapping { .. } => "a mapping",
            NodeContent::Plain | NodeContent::Single | NodeContent::Double | NodeContent::Block => {
                "a text, number or boolean"
            }
        }
    }

    /// Returns the node's children, keys among them.
    pub(super) fn children(&self) -> Vec<&TreeNode> {
        match &self.shape {
            NodeContent::Sequence { items, .. } => items.iter().collect(),
            NodeContent::Mapping { entries, .. } => {
                entries.iter().flat_map(|entry| [&entry.key, &entry.value]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the children that are keys or list items or values, and theirs, this node first.
    pub(super) fn visit<'n>(&'n self, see: &mut impl FnMut(&'n TreeNode)) {
        see(self);
        for child in self.children() {
            child.visit(see);
        }
    }
}

impl EditTree {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// Refuses malformed text, several documents, duplicate keys, and aliases that multiply the text.
    pub(super) fn parse(text: &str) -> Result<Self, EditStop> {
        let options = granit_parser::options! { emit_anchor_events: true, block_scalar_eof_without_line_feed: true };
        let events = Parser::new_from_str_with_options(text, options).peekable();
        let tree =
            Self { root: None, comments: Vec::new(), end: text.len(), starts: Vec::new(), aliases: HashMap::new() };
        let mut reader = TreeReader { text, events, tree, sizes: HashMap::new(), nodes: 0 };
        let mut documents = 0;
        while let Some((event, span)) = reader.next()? {
            match event {
                Event::DocumentStart(..) if documents > 0 => {
                    return Err(EditStop::at(range(&span).start, EditRefusal::SeveralDocuments));
                }
                Event::DocumentStart(..) => documents += 1,
                Event::DocumentEnd if !range(&span).is_empty() => reader.tree.end = range(&span).start,
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                node => reader.tree.root = Some(reader.node(node, &span)?),
            }
        }
        let most = reader.nodes.saturating_mul(MOST_EXPANSION.0).saturating_add(MOST_EXPANSION.1);
        if reader.tree.root.as_ref().is_some_and(|root| root.size > most) {
            return Err(EditStop::new(EditRefusal::TooLarge));
        }
        Ok(reader.tree)
    }

    /// Returns the anchor's name where an alias uses the node again.
    pub(super) fn shared<'n>(&self, node: &'n TreeNode) -> Option<&'n str> {
        let (number, name) = node.anchor.as_ref()?;
        self.aliases.contains_key(number).then_some(name.as_str())
    }

    /// Returns the name of an anchor on or in the node that an alias outside of it uses.
    pub(super) fn needed_elsewhere<'n>(&self, node: &'n TreeNode) -> Option<&'n str> {
        let mut found = None;
        node.visit(&mut |inner| {
            if let Some((number, name)) = &inner.anchor
                && self.aliases.get(number).is_some_and(|uses| uses.iter().any(|at| !node.range.contains(at)))
            {
                found = Some(name.as_str());
            }
        });
        found
    }

    /// True if a comment starts in a piece of the text.
    pub(super) fn has_comment(&self, range: &Range<usize>) -> bool {
        self.comments.iter().any(|comment| range.contains(&comment.range.start))
    }

    /// Returns the end of the last comment after an offset that `belongs` there by its column: each in a line of its
    /// own, before the next node, none left out. Without one, returns the offset.
    pub(super) fn comments_end(&self, text: &str, offset: usize, belongs: impl Fn(usize) -> bool) -> usize {
        let next = self.starts.partition_point(|&start| start < offset);
        let limit = self.starts.get(next).copied().unwrap_or(self.end).min(self.end);
        self.comments
            .iter()
            .filter(|comment| comment.range.start >= offset && comment.range.start < limit)
            .skip_while(|comment| text.get(offset..comment.range.start).is_some_and(|gap| !gap.contains('\n')))
            .take_while(|comment| belongs(comment.column))
            .last()
            .map_or(offset, |comment| comment.range.end)
    }
}

struct TreeReader<'text, Events: Iterator> {
    text: &'text str,
    events: Peekable<Events>,
    tree: EditTree,
    /// The size of each anchored node that is complete.
    sizes: HashMap<usize, u64>,
    nodes: u64,
}

type Item<'text> = Result<(Event<'text>, Span), granit_parser::ScanError>;

impl<'text, Events: Iterator<Item = Item<'text>>> TreeReader<'text, Events> {
    /// Returns the next event that is no comment, and notes the comments before it.
    fn next(&mut self) -> Result<Option<(Event<'text>, Span)>, EditStop> {
        for item in self.events.by_ref() {
            let (event, span) = item.map_err(|error| {
                let marker = error.marker();
                EditStop::at_line(marker.line(), marker.col() + 1, EditRefusal::Malformed(error.info()))
            })?;
            if let Event::Comment(..) = event {
                self.tree.comments.push(Comment { range: range(&span), column: span.start.col() });
            } else {
                return Ok(Some((event, span)));
            }
        }
        // Header comments of block scalars are told after the scalar.
        self.tree.comments.sort_by_key(|comment| comment.range.start);
        Ok(None)
    }

    fn expect_next(&mut self) -> Result<(Event<'text>, Span), EditStop> {
        let at = self.text.len();
        self.next()?.ok_or_else(|| EditStop::at(at, EditRefusal::Malformed("it ends too early".to_owned())))
    }

    fn node(&mut self, event: Event<'text>, span: &Span) -> Result<TreeNode, EditStop> {
        self.nodes += 1;
        let anchor = self.anchor();
        let tag_end = span.tag_span().map(|tag| range(&tag).end);
        let properties_end = anchor.as_ref().map(|(_, _, end)| *end).max(tag_end);
        let anchor = anchor.map(|(number, name, _)| (number, name));
        let mut place = range(span);
        if !matches!(event, Event::Scalar(..)) || !place.is_empty() {
            self.tree.starts.push(place.start);
        }
        let mut size = 1;
        let shape = match event {
            Event::Scalar(value, style, ..) => scalar_shape(self.text, &value, style, &mut place),
            Event::Alias(number) => {
                self.tree.aliases.entry(number).or_default().push(place.start);
                // An alias inside its own anchor has no end.
                size =
                    self.sizes.get(&number).copied().ok_or_else(|| EditStop::at(place.start, EditRefusal::TooLarge))?;
                NodeContent::Alias
            }
            Event::SequenceStart(style, ..) => {
                let items = self.items(&mut size, &mut place)?;
                NodeContent::Sequence { flow: style == StructureStyle::Flow, items }
            }
            Event::MappingStart(style, ..) => {
                let entries = self.entries(&mut size, &mut place)?;
                NodeContent::Mapping { flow: style == StructureStyle::Flow, entries }
            }
            _ => return Err(EditStop::at(place.start, EditRefusal::Malformed("a value is missing".to_owned()))),
        };
        if let Some((number, _)) = anchor {
            self.sizes.insert(number, size);
        }
        Ok(TreeNode {
            shape,
            range: place,
            column: span.start.col(),
            properties_end,
            tagged: tag_end.is_some(),
            anchor,
            size,
        })
    }

    /// Takes the anchor of the node that has just begun: number, name, end.
    fn anchor(&mut self) -> Option<(usize, String, usize)> {
        let is_anchor = |item: &Item<'text>| matches!(item, Ok((Event::Anchor(..), _)));
        match self.events.next_if(is_anchor) {
            Some(Ok((Event::Anchor(number, name), span))) => Some((number, name.into_owned(), range(&span).end)),
            _ => None,
        }
    }

    fn items(&mut self, size: &mut u64, place: &mut Range<usize>) -> Result<Vec<TreeNode>, EditStop> {
        let mut items: Vec<TreeNode> = Vec::new();
        loop {
            let (event, span) = self.expect_next()?;
            if let Event::SequenceEnd = event {
                place.end = end_of(&span, items.last().map(|item| item.range.end), place.start);
                return Ok(items);
            }
            let item = self.node(event, &span)?;
            *size = size.saturating_add(item.size);
            items.push(item);
        }
    }

    fn entries(&mut self, size: &mut u64, place: &mut Range<usize>) -> Result<Vec<MappingEntry>, EditStop> {
        let mut entries: Vec<MappingEntry> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        loop {
            let (event, span) = self.expect_next()?;
            if let Event::MappingEnd = event {
                place.end = end_of(&span, entries.last().map(MappingEntry::end), place.start);
                return Ok(entries);
            }
            let name = if let Event::Scalar(text, ..) = &event { Some(text.clone().into_owned()) } else { None };
            let key = self.node(event, &span)?;
            if let Some(name) = &name
                && let Some(first) = seen.insert(name.clone(), key.range.start)
            {
                let first_line = line_and_column(self.text, first).0;
                return Err(EditStop::at(key.range.start, EditRefusal::DuplicateKey { key: name.clone(), first_line }));
            }
            let (event, span) = self.expect_next()?;
            let value = self.node(event, &span)?;
            *size = size.saturating_add(key.size).saturating_add(value.size);
            let colon = colon_after(self.text, key.range.end);
            entries.push(MappingEntry { key, name, colon, value });
        }
    }
}

fn range(span: &Span) -> Range<usize> {
    // Offsets in bytes are always there for text that is in memory as a whole.
    span.byte_range().unwrap_or_default()
}

/// Returns where a collection ends: with its bracket, or with its last child, as a block has no end of its own.
fn end_of(closing: &Span, last_child: Option<usize>, start: usize) -> usize {
    let closing = range(closing);
    if closing.is_empty() { last_child.unwrap_or(start) } else { closing.end }
}

fn colon_after(text: &str, key_end: usize) -> Option<usize> {
    let rest = text.get(key_end..)?;
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    rest.get(blanks..)?.starts_with(':').then_some(key_end + blanks)
}

/// Returns the shape of a scalar, and leaves the empty lines after a block scalar that are not part of its value out of
/// its place.
fn scalar_shape(text: &str, value: &str, style: ScalarStyle, place: &mut Range<usize>) -> NodeContent {
    match style {
        ScalarStyle::Plain if place.start == place.end => NodeContent::Empty,
        ScalarStyle::Plain => NodeContent::Plain,
        ScalarStyle::SingleQuoted => NodeContent::Single,
        ScalarStyle::DoubleQuoted => NodeContent::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => {
            let content = text.get(place.clone()).unwrap_or_default();
            let content = if value.ends_with("\n\n") {
                // The empty lines count here; the indentation of the next node, which the parser adds, does not.
                let lines = content.trim_end_matches([' ', '\t']);
                let lines = lines.strip_suffix('\n').unwrap_or(content);
                lines.strip_suffix('\r').unwrap_or(lines)
            } else {
                content.trim_end()
            };
            place.end = place.start + content.len();
            NodeContent::Block
        }
    }
}
