//! The features of a gateway that a target may not have.

use super::aspect::ReportAspect;
use super::length::{PatternLength, TextLength};

/// A feature that not every target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExportFeature {
    Signatures,
    Tokens,
    SubscriptionKeys,
    /// A mock that asks for credentials to be shown.
    ShownCredentials,
    /// The gateway's own signature of each request, by which a backend knows it.
    BackendSignature,
    /// Headers by which proxies tell of a caller, which a caller may not set.
    CallerClaims,
    IpRules,
    RateLimits {
        /// True if each caller of the group is asked for a key.
        asks_callers: bool,
    },
    /// Limits of keys, or of grants.
    CallerLimits,
    Validation,
    BodyLimit,
    CorsOfListedOrigins,
    CorsOfAnyOrigin,
    /// A list of headers, or an origin, that is longer than any in an export.
    LongCorsList,
    /// The constant response of a mock.
    MockResponse,
    /// A mock response that only unusual requests get.
    ChosenResponse,
    /// A mock response that `Prefer` asks for by one of several codes.
    RangeOfCodes,
    /// A mock response whose media type is declared as a range.
    RangeOfMediaTypes,
    MockWithoutConstant,
    /// A header of a mock response that has no value.
    EmptyResponseHeader,
    /// A name of a mock, of a header, a media type or an example, that is longer than any in an export.
    LongName,
    /// A mock response whose longest header is of this length.
    ResponseHeaderBytes(TextLength),
    /// A mock response with this many headers.
    ResponseHeaderCount(usize),
    /// Bytes that are not text.
    BinaryBody,
    /// A body of this many bytes.
    BodyBytes(usize),
    OptionsAndMethods,
    /// Paths in which letters are percent-encoded without need (RFC 3986, section 6.2.2.2).
    EncodedLetters {
        /// True if some path of the group is matched by the template of another API, too.
        has_wider_path: bool,
    },
    /// Targets that are no path, are malformed or long.
    UnusualTargets,
    /// Headers whose names have other characters than letters, digits and hyphens.
    UnusualHeaderNames,
    /// Semicolons within a segment of a template.
    Semicolons,
    /// An API whose paths and conditions are expressions of up to this length.
    PatternBytes(PatternLength),
    MarkedParameters,
    QueryRoute,
    /// The method `QUERY`.
    QueryMethod,
    EncodedSlashes,
    PathPrefix,
    /// A host of callers that is longer than any name in the DNS.
    LongHost,
    /// A backend with this many addresses.
    SeveralTargets(usize),
    DifferentBasePaths,
    /// A backend with addresses over HTTP and over HTTPS.
    MixedSchemes,
    /// A backend whose name is not one of a host (RFC 1123, section 2.1).
    UnusualHost,
    Https,
    /// A backend over TLS that is named by its address.
    HttpsByAddress,
    ClientCertificate {
        /// True if the key is in the file where HAProxy looks for it.
        is_key_beside: bool,
    },
    KeepHost,
    Retry,
    Timeouts,
    /// A time-out that is longer than any of an engine.
    LongTimeout,
    AddressGuard,
    Websocket,
    /// Requests that ask for another protocol than a declared websocket.
    Upgrades,
    /// Headers that `Connection` names, which are not passed on (RFC 9110, section 7.6.1).
    ConnectionHeaders,
    DynamicBackend {
        /// True if headers alone decide.
        by_headers: bool,
    },
    /// A path at the backend of an API's own.
    PathTemplate {
        /// True if it has parameters of the route.
        has_parameters: bool,
    },
    /// Such a path with a parameter beside which another one stands in the request.
    SplitParameters,
    /// Such a path with more parameters than some engines number.
    ManyPathParameters,
    /// Another prefix at a backend of a path that is not always the same.
    PrefixReplacement,
    /// A base path of a backend, which such a path is put below.
    BasePath,
    /// A path at a backend that Kong takes for a template.
    TemplatePath,
    HeaderToHeader,
    HeaderConstant,
    QueryConstant,
    /// A header that is a constant without a value.
    EmptyConstant,
    /// A parameter of the query that is a constant without a value.
    EmptyQueryConstant,
    /// A constant whose value begins with a colon, or whose name has one.
    ColonConstant,
    /// A header that is a constant of this length.
    ConstantBytes(TextLength),
    /// This many headers that are constants.
    ConstantCount(usize),
    /// A constant whose value Kong takes for a template.
    TemplateConstant,
    /// A mapping of a header whose name is longer than any in an export.
    LongParameter,
    /// A dynamic route by a name or value that is longer than any in an export.
    LongCondition,
    /// A dynamic route by a header, which a caller may send several times.
    RepeatedCondition,
    /// A dynamic route by a header that the gateway or a target writes itself, or that the gateway takes from some
    /// requests.
    OwnHeaderCondition,
    /// A dynamic route by a header whose name is Envoy's own (`x-envoy-…`).
    EnvoyHeaderCondition,
    /// A dynamic route by a parameter of the path beside which its segment has another one, or that the query carries.
    SharedSegmentCondition,
    /// A move of such a header.
    OwnHeaderMove,
    /// A dynamic route by a header whose name has other characters than letters, digits and hyphens.
    UnusualCondition,
    OtherMapping,
}

impl ExportFeature {
    pub(super) const fn aspect(self) -> ReportAspect {
        match self {
            Self::Signatures
            | Self::Tokens
            | Self::SubscriptionKeys
            | Self::ShownCredentials
            | Self::BackendSignature
            | Self::CallerClaims => ReportAspect::Access,
            Self::IpRules => ReportAspect::IpRules,
            Self::Validation => ReportAspect::Validation,
            Self::BodyLimit | Self::RateLimits { .. } | Self::CallerLimits => ReportAspect::Limits,
            Self::CorsOfListedOrigins | Self::CorsOfAnyOrigin | Self::LongCorsList => ReportAspect::Cors,
            Self::MockResponse
            | Self::ChosenResponse
            | Self::RangeOfCodes
            | Self::RangeOfMediaTypes
            | Self::MockWithoutConstant
            | Self::EmptyResponseHeader
            | Self::LongName
            | Self::ResponseHeaderBytes(_)
            | Self::ResponseHeaderCount(_)
            | Self::BinaryBody
            | Self::BodyBytes(_) => ReportAspect::Responses,
            Self::OptionsAndMethods
            | Self::EncodedLetters { .. }
            | Self::UnusualTargets
            | Self::UnusualHeaderNames
            | Self::Semicolons
            | Self::PatternBytes(_)
            | Self::MarkedParameters
            | Self::QueryRoute
            | Self::QueryMethod
            | Self::EncodedSlashes
            | Self::PathPrefix
            | Self::LongHost
            | Self::Websocket
            | Self::Upgrades
            | Self::ConnectionHeaders => ReportAspect::Routing,
            Self::SeveralTargets(_) | Self::UnusualHost => ReportAspect::Health,
            Self::MixedSchemes
            | Self::Https
            | Self::HttpsByAddress
            | Self::ClientCertificate { .. }
            | Self::AddressGuard => ReportAspect::Tls,
            Self::Retry | Self::Timeouts | Self::LongTimeout => ReportAspect::Timeouts,
            Self::DifferentBasePaths
            | Self::KeepHost
            | Self::DynamicBackend { .. }
            | Self::PathTemplate { .. }
            | Self::SplitParameters
            | Self::ManyPathParameters
            | Self::PrefixReplacement
            | Self::BasePath
            | Self::TemplatePath
            | Self::HeaderToHeader
            | Self::HeaderConstant
            | Self::QueryConstant
            | Self::EmptyConstant
            | Self::EmptyQueryConstant
            | Self::ColonConstant
            | Self::ConstantBytes(_)
            | Self::ConstantCount(_)
            | Self::TemplateConstant
            | Self::LongParameter
            | Self::LongCondition
            | Self::RepeatedCondition
            | Self::OwnHeaderCondition
            | Self::EnvoyHeaderCondition
            | Self::SharedSegmentCondition
            | Self::OwnHeaderMove
            | Self::UnusualCondition
            | Self::OtherMapping => ReportAspect::Rewrites,
        }
    }

    /// True if its loss has to be allowed: it would let in callers that the gateway keeps out, leave to a caller a
    /// value that a setting decides, give to a broader path, or to the usual backend, requests that are another's,
    /// reach paths of a backend that the settings keep requests from, or let a caller do more than was granted.
    pub(super) const fn guards_access(self) -> bool {
        let is_mapping = matches!(
            self,
            Self::HeaderToHeader
                | Self::HeaderConstant
                | Self::QueryConstant
                | Self::EmptyConstant
                | Self::EmptyQueryConstant
                | Self::ColonConstant
                | Self::ConstantBytes(_)
                | Self::ConstantCount(_)
                | Self::TemplateConstant
                | Self::LongParameter
                | Self::OtherMapping
        );
        let chooses_backend = matches!(
            self,
            Self::PatternBytes(_)
                | Self::LongCondition
                | Self::RepeatedCondition
                | Self::OwnHeaderCondition
                | Self::EnvoyHeaderCondition
                | Self::SharedSegmentCondition
                | Self::UnusualCondition
                | Self::DynamicBackend { .. }
                | Self::QueryRoute
                | Self::MarkedParameters
                | Self::EncodedLetters { has_wider_path: true }
        );
        let chooses_path = matches!(
            self,
            Self::PathTemplate { .. }
                | Self::SplitParameters
                | Self::ManyPathParameters
                | Self::BasePath
                | Self::TemplatePath
        );
        // A limit of a key or of a grant is a part of what its caller may do; one of a group or of a body bounds them
        // all.
        is_mapping
            || matches!(self, Self::CallerLimits)
            || chooses_backend
            || chooses_path
            || matches!(self.aspect(), ReportAspect::Access | ReportAspect::IpRules)
    }
}
