//! The place of a pair of schemas: where its values travel, and the steps that lead to it.

use std::fmt;

use super::proof::ValueWriting;
use super::sets::SetId;
use super::writing::ListWriting;
use crate::compare::kinds::Polarity;
use crate::definition::ValueDirection;

/// A pair of sets of schemas that was, or will be, compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::compare) struct PairId(pub(super) u32);

impl PairId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Origin of a pair, which decides the meaning of its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Context {
    pub(super) direction: ValueDirection,
    pub(super) polarity: Polarity,
    pub(super) writing: ValueWriting,
    /// Serialization of lists, before and after.
    pub(super) lists: (ListWriting, ListWriting),
    /// The encodings of the form that the value is, by their number.
    pub(super) form: Option<u32>,
    pub(super) told: ToldChanges,
    /// True if the value can travel as XML.
    pub(super) is_xml: bool,
    /// True if the value is a property whose element has the same name before and after.
    pub(super) keeps_element_name: bool,
    /// True if the value is a property, the one thing that `readOnly` and `writeOnly` speak of (OpenAPI 3.0.3, section
    /// 4.7.24.2): any other value travels whatever they say.
    pub(super) is_property: bool,
    pub(super) kept: KeptValues,
    /// The schemas around an alternative or a condition, which apply to the same value.
    pub(super) around: Option<(SetId, SetId)>,
}

/// The changes that were reported already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct ToldChanges {
    /// The change of `null`.
    pub(super) null: bool,
    /// Those of the discriminator, and of the schemas that it chooses.
    pub(super) discriminator: bool,
}

/// The values that are known to be kept, by a proof of the schemas themselves or of those around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct KeptValues {
    /// True if each value that was allowed is allowed.
    pub(super) no_less: bool,
    /// True if each value that is allowed was allowed.
    pub(super) no_more: bool,
}

impl KeptValues {
    pub(super) fn either(self, other: Self) -> Self {
        Self { no_less: self.no_less || other.no_less, no_more: self.no_more || other.no_more }
    }

    /// Returns the guarantees for the whole that follow from those of a schema within it.
    pub(super) fn under(self, polarity: Polarity) -> Self {
        match polarity {
            Polarity::Same => self,
            Polarity::Opposite => Self { no_less: self.no_more, no_more: self.no_less },
            Polarity::Unknown if self.no_less && self.no_more => self,
            Polarity::Unknown => Self::default(),
        }
    }

    pub(super) fn is_all(self) -> bool {
        self.no_less && self.no_more
    }
}

impl Context {
    pub(super) const JSON_LISTS: (ListWriting, ListWriting) = (ListWriting::Json, ListWriting::Json);

    pub(super) fn new(direction: ValueDirection, writing: ValueWriting) -> Self {
        Self {
            direction,
            polarity: Polarity::Same,
            writing,
            lists: Self::JSON_LISTS,
            form: None,
            told: ToldChanges { null: false, discriminator: false },
            is_xml: false,
            keeps_element_name: false,
            is_property: false,
            kept: KeptValues::default(),
            around: None,
        }
    }

    /// Returns the context of the value as it was read, whatever else its text could be read as.
    pub(super) fn by_value(self) -> Self {
        Self { writing: ValueWriting::Json, lists: Self::JSON_LISTS, form: None, ..self }
    }
}

/// A step from a value to one that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SchemaStep<'d> {
    Property(&'d str),
    Items,
    Item(usize),
    /// Properties that are not declared.
    Others,
    Pattern(&'d str),
    Alternative(&'static str, AlternativeName<'d>),
    Keyword(&'static str),
}

/// An alternative of `oneOf` or `anyOf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlternativeName<'d> {
    Number(usize),
    Name(&'d str),
}

impl fmt::Display for SchemaStep<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(name) => write!(formatter, "/{name}"),
            Self::Items => formatter.write_str("[]"),
            Self::Item(index) => write!(formatter, "[{index}]"),
            Self::Others => formatter.write_str("/*"),
            Self::Pattern(pattern) => write!(formatter, "/({pattern})"),
            Self::Alternative(keyword, AlternativeName::Number(index)) => {
                write!(formatter, "({keyword} {})", index + 1)
            }
            Self::Alternative(keyword, AlternativeName::Name(name)) => write!(formatter, "({keyword} {name})"),
            Self::Keyword(keyword) => write!(formatter, "({keyword})"),
        }
    }
}
