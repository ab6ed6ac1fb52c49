//! The components of a request that a signature covers, and the text that is signed (RFC 9421, sections 2.1, 2.2 and
//! 2.5).

use http::header::HOST;
use http::{HeaderMap, HeaderName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use sfv::{BareItem, FieldType as _, Item, StringRef};

use crate::access::fault::SignatureFault;
use crate::access::request::ReceivedRequest;

/// The characters that are encoded in a value of a query (RFC 9421, section 2.2.8).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
/// The longest name of a component that is shown to the operator.
const LONGEST_SHOWN: usize = 64;

/// A covered component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Component {
    Method,
    TargetUri,
    Authority,
    Path,
    Query,
    /// A parameter of the query, by its encoded name.
    QueryParameter(String),
    Field(HeaderName),
}

impl Component {
    /// Reads the identifier of a component. Parameters that change how it is read, and those of responses and trailers,
    /// are refused.
    pub(super) fn read(item: &Item) -> Result<Self, SignatureFault> {
        let shown = |name: &str| SignatureFault::Component(name.chars().take(LONGEST_SHOWN).collect());
        let name = item.bare_item.as_string().map(StringRef::as_str).ok_or_else(|| shown(""))?;
        let mut parameters = item.params.iter();
        let parameter = parameters.next();
        if parameters.next().is_some() {
            return Err(shown(name));
        }
        match (name, parameter) {
            ("@query-param", Some((key, value))) if key.as_str() == "name" => {
                value.as_string().map(|text| Self::QueryParameter(text.as_str().to_owned())).ok_or_else(|| shown(name))
            }
            ("@method", None) => Ok(Self::Method),
            ("@target-uri", None) => Ok(Self::TargetUri),
            ("@authority", None) => Ok(Self::Authority),
            ("@path", None) => Ok(Self::Path),
            ("@query", None) => Ok(Self::Query),
            (field, None) if !field.starts_with('@') && !field.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                HeaderName::from_bytes(field.as_bytes()).map(Self::Field).map_err(|_| shown(name))
            }
            _ => Err(shown(name)),
        }
    }

    /// Returns its name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Method => "@method",
            Self::TargetUri => "@target-uri",
            Self::Authority => "@authority",
            Self::Path => "@path",
            Self::Query => "@query",
            Self::QueryParameter(_) => "@query-param",
            Self::Field(name) => name.as_str(),
        }
    }

    /// Writes its identifier as an item.
    pub(super) fn item(&self) -> Option<Item> {
        let string = |text: &str| StringRef::from_str(text).ok().map(|text| BareItem::String(text.to_owned()));
        let mut item = Item::new(string(self.name())?);
        if let Self::QueryParameter(name) = self {
            item.params.insert(sfv::key_ref("name").to_owned(), string(name)?);
        }
        Some(item)
    }

    fn value(&self, request: &ReceivedRequest<'_>, scheme: &str) -> Result<Vec<u8>, SignatureFault> {
        let path = if request.path.is_empty() { "/" } else { request.path };
        let text = match self {
            Self::Method => request.method.to_owned(),
            Self::Path => path.to_owned(),
            Self::Query => format!("?{}", request.query),
            Self::Authority => authority(request.authority),
            Self::TargetUri if request.query.is_empty() => format!("{scheme}://{}{path}", authority(request.authority)),
            Self::TargetUri => format!("{scheme}://{}{path}?{}", authority(request.authority), request.query),
            Self::QueryParameter(name) => query_parameter(request.query, name)?,
            Self::Field(name) => return field(request.headers, name, request.authority),
        };
        Ok(text.into_bytes())
    }
}

/// Writes the text that is signed.
pub(super) fn signature_base(
    components: &[Component],
    parameters: &str,
    request: &ReceivedRequest<'_>,
    scheme: &str,
) -> Result<Vec<u8>, SignatureFault> {
    let mut base = Vec::new();
    for component in components {
        let item = component.item().ok_or_else(|| SignatureFault::Component(component.name().to_owned()))?;
        base.extend_from_slice(item.serialize().as_bytes());
        base.extend_from_slice(b": ");
        base.extend_from_slice(&component.value(request, scheme)?);
        base.push(b'\n');
    }
    base.extend_from_slice(format!("\"@signature-params\": {parameters}").as_bytes());
    Ok(base)
}

/// Writes an authority in lower case and without the usual port of either scheme (RFC 9421, section 2.2.3).
fn authority(sent: &str) -> String {
    let lower = sent.to_ascii_lowercase();
    let host = lower.strip_suffix(":443").or_else(|| lower.strip_suffix(":80"));
    host.map_or(lower.clone(), str::to_owned)
}

/// Writes the one value of a parameter of the query. Several values of one name cannot be covered by it.
fn query_parameter(query: &str, name: &str) -> Result<String, SignatureFault> {
    let recoded = |text: &str| {
        let spaces = text.replace('+', " ");
        let decoded = percent_decode(spaces.as_bytes()).decode_utf8().ok()?.into_owned();
        Some(utf8_percent_encode(&decoded, FORM).to_string())
    };
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(key, _)| recoded(key).as_deref() == Some(name)).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => recoded(value).ok_or(SignatureFault::SignedHeaderMissing),
        _ => Err(SignatureFault::SignedHeaderMissing),
    }
}

/// Joins the values of a field, each without the blanks around it (RFC 9421, section 2.1).
fn field(headers: &HeaderMap, name: &HeaderName, authority: &str) -> Result<Vec<u8>, SignatureFault> {
    let mut joined = Vec::new();
    let mut values = headers.get_all(name).iter().peekable();
    if values.peek().is_none() {
        // HTTP/2 has the host in `:authority`.
        return if *name == HOST {
            Ok(authority.as_bytes().to_vec())
        } else {
            Err(SignatureFault::SignedHeaderMissing)
        };
    }
    for (number, value) in values.enumerate() {
        if number > 0 {
            joined.extend_from_slice(b", ");
        }
        joined.extend_from_slice(value.as_bytes().trim_ascii());
    }
    Ok(joined)
}
