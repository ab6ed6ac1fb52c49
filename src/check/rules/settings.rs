//! Documentation of the rules over settings: addresses, domains, variables, environments.

use crate::model::Rule;

/// A backend address is valid.
pub(in crate::check) const BACKEND_ADDRESS: Rule = Rule::error(
    "backend-address",
    "The backend of a group, of an API and of a dynamic route is an absolute http or https address, without user \
     name, password, query or fragment. `${NAME}` stands for a variable of the environment, declared in \
     apigw.toml under `[environments.<name>.variables]`; the address must be one with the values in place, too.",
)
.example(
    "wrong:\n\
     \x20 backend: pets.example.com\n\
     right:\n\
     \x20 backend: https://pets.example.com",
);
/// A custom domain belongs to one group.
pub(in crate::check) const DOMAIN_COLLISION: Rule = Rule::error(
    "domain-collision",
    "A request to a custom domain must reach one group. Bind each domain to one group only, and none below the \
     base domain of the workspace, whose names are those of the groups.",
)
.example(
    "wrong:\n\
     \x20 domains: [shop.apigw.localhost]      base_domain is apigw.localhost\n\
     right:\n\
     \x20 domains: [shop.example.com]",
);
/// A group with custom domains is live in `online`.
pub(in crate::check) const DOMAIN_NOT_LIVE: Rule = Rule::warning(
    "domain-not-live",
    "Custom domains are served in `online` only. While nothing of the group is live there, whoever calls the \
     domain gets 404. Publish the group to `online`, or remove the domains until then.",
);
/// Groups on a shared host have different prefixes.
pub(in crate::check) const PREFIX_COLLISION: Rule = Rule::warning(
    "prefix-collision",
    "Each group has a host name of its own, so two groups may have one prefix. On a loopback host, where the \
     gateway of one environment tells groups apart by their prefix, a path that both have reaches the group whose \
     name comes first, and the other one's method, parameters and result are not seen.",
)
.example(
    "wrong:\n\
     \x20 pets:  prefix /v1\n\
     \x20 toys:  prefix /v1\n\
     right:\n\
     \x20 pets:  prefix /pets/v1\n\
     \x20 toys:  prefix /toys/v1",
);
/// Each variable of a backend address is declared in every environment.
pub(in crate::check) const VARIABLE_UNDECLARED: Rule = Rule::warning(
    "variable-undeclared",
    "`${NAME}` in a backend address is replaced by the variable of the environment. Where the environment does \
     not declare it, a publish with a real backend is refused there. Declare it under \
     `[environments.<name>.variables]` in apigw.toml, for each environment that the group is published to.",
)
.example(
    "group.yaml:\n\
     \x20 backend: https://${PETS_HOST}/v1\n\
     apigw.toml:\n\
     \x20 [environments.test.variables]\n\
     \x20 PETS_HOST = \"pets.test.example.com\"",
);
/// Each variable of a backend address is declared in some environment.
pub(in crate::check) const VARIABLE_UNKNOWN: Rule = Rule::error(
    "variable-unknown",
    "No environment declares the variable that `${NAME}` in a backend address stands for, so that a publish with a \
     real backend is refused everywhere. Correct the name, or declare it under `[environments.<name>.variables]` in \
     apigw.toml.",
)
.example(
    "wrong:\n\
     \x20 backend: https://${PETS_HSOT}/v1\n\
     right:\n\
     \x20 backend: https://${PETS_HOST}/v1",
);
/// Each declared variable is used.
pub(in crate::check) const VARIABLE_UNUSED: Rule = Rule::warning(
    "variable-unused",
    "A variable that no group's backend address uses is left over, or misspelled. Correct it, or remove it once \
     no version that is live needs it.",
);
/// `promote_from` has no cycle.
pub(in crate::check) const PROMOTION_CIRCLE: Rule = Rule::error(
    "promotion-circle",
    "`promote_from` names the environment in which a version must be live before it comes to this one. Where \
     environments ask for each other in a circle, nothing can ever be published to any of them. Let one of them \
     have no `promote_from`.",
)
.example(
    "wrong:\n\
     \x20 [environments.test]\n\
     \x20 promote_from = \"online\"\n\
     \x20 [environments.online]\n\
     \x20 promote_from = \"test\"\n\
     right:\n\
     \x20 [environments.online]\n\
     \x20 promote_from = \"test\"",
);
/// The rules named in settings exist.
pub(in crate::check) const UNKNOWN_RULE: Rule = Rule::warning(
    "unknown-rule",
    "`[rules]` in apigw.toml sets rules to \"off\", \"warning\" or \"error\" by name. A name that no rule has \
     changes nothing.",
)
.example(
    "wrong:\n\
     \x20 [rules]\n\
     \x20 prefix-colision = \"off\"\n\
     right:\n\
     \x20 [rules]\n\
     \x20 prefix-collision = \"off\"",
);
/// `default_group` exists.
pub(in crate::check) const UNKNOWN_GROUP: Rule = Rule::warning(
    "unknown-group",
    "`default_group` in apigw.toml is the group that a command means where none is named. A group that does not \
     exist makes every such command fail. Correct the name, or create the group.",
);
/// The APIs named in settings exist.
pub(in crate::check) const UNKNOWN_API: Rule = Rule::warning(
    "unknown-api",
    "`forwarding.apis` in group.yaml says what differs for single APIs, by operation id, or by method and path \
     where an API has none. A name that no API has changes nothing.",
)
.example(
    "wrong:\n\
     \x20 forwarding: {apis: {listpets: {backend: https://pets.example.com}}}\n\
     right:\n\
     \x20 forwarding: {apis: {listPets: {backend: https://pets.example.com}}}",
);
/// The environments named in a group's settings exist.
pub(in crate::check) const UNKNOWN_ENVIRONMENT: Rule = Rule::error(
    "unknown-environment",
    "`ip_rules.environments` in group.yaml says from where a group may be called in single environments, by their names \
     or aliases. Rules of an environment that apigw.toml does not declare would close nothing, and the environment that \
     was meant stays open.",
)
.example(
    "wrong:\n\
     \x20 ip_rules: {environments: {onlin: {deny: [192.0.2.7]}}}\n\
     right:\n\
     \x20 ip_rules: {environments: {online: {deny: [192.0.2.7]}}}",
);
/// A list of allowed addresses names some.
pub(in crate::check) const IP_RULES_EMPTY: Rule = Rule::error(
    "ip-rules-empty",
    "`allow` in `ip_rules` of group.yaml lists who may call; without it all may that `deny` does not name. An empty list \
     reads as if nobody could call, and means everybody. Remove it, or deny all addresses.",
)
.example(
    "wrong:\n\
     \x20 ip_rules: {allow: []}\n\
     right:\n\
     \x20 ip_rules: {deny: [0.0.0.0/0, \"::/0\"]}",
);
/// The command for secrets names a program.
pub(in crate::check) const SECRETS_COMMAND_EMPTY: Rule = Rule::error(
    "secrets-command-empty",
    "`secrets_command` in apigw.toml is a program and its arguments that print the secrets with which callers sign. An empty \
     list runs nothing, and requests that are signed with such a secret get 401. Name the program, or remove the setting.",
)
.example(
    "wrong:\n\
     \x20 [access]\n\
     \x20 secrets_command = []\n\
     right:\n\
     \x20 [access]\n\
     \x20 secrets_command = [\"sops\", \"-d\", \"secrets.json\"]",
);
/// A signed request is accepted once.
pub(in crate::check) const SIGNED_REQUEST_REPEATED: Rule = Rule::warning(
    "signed-request-repeated",
    "A gateway remembers the signed requests that it accepted, and knows nothing of those of the others: if `gateways` in \
     apigw.toml is above 1, whoever sees a signed request can send it once more to each of the other gateways. Let all of \
     them ask one authorizer, which accepts it once; where callers reach the gateways by TLS alone and repeated requests do \
     no harm, turn the rule off.",
)
.example(
    "wrong:\n\
     \x20 [access]\n\
     \x20 gateways = 2\n\
     right, behind one authorizer:\n\
     \x20 [access]\n\
     \x20 gateways = 1",
);
/// Signed bodies may be as large as the group says.
pub(in crate::check) const SIGNED_BODY_LIMIT: Rule = Rule::warning(
    "signed-body-limit",
    "A signed body is held until it is whole and verified, and may have 32 MiB whatever `max_body_kib` in group.yaml says: a larger \
     one gets 413. Lower the setting, or give the APIs that take larger ones `x-apigw-unsigned-body: true`, where a body is \
     streamed and whoever is on the way can exchange it.",
)
.example(
    "wrong:\n\
     \x20 auth: signature\n\
     \x20 max_body_kib: 61440\n\
     right:\n\
     \x20 auth: signature\n\
     \x20 max_body_kib: 32768",
);
/// The forwarding settings can be applied.
pub(in crate::check) const FORWARDING: Rule = Rule::error(
    "forwarding",
    "`forwarding` in group.yaml says how requests reach a real backend. A path of an API there begins with a slash and \
     names only parameters of the API's own path; what goes to `path.NAME` has a place in such a path; a constant that \
     becomes a header has no control characters; the files of `tls` are named without a folder, and a certificate has \
     its key. Where this does not hold, the backend gets something else than was meant, or no gateway serves it.",
)
.example(
    "wrong:\n\
     \x20 forwarding: {apis: {getPet: {path: animals/{pet}}}}      its path is /pets/{petId}\n\
     right:\n\
     \x20 forwarding: {apis: {getPet: {path: \"/animals/{petId}\"}}}",
);
/// The files for TLS to backends exist.
pub(in crate::check) const TLS_FILE_MISSING: Rule = Rule::warning(
    "tls-file-missing",
    "`forwarding.tls` in group.yaml names files with the certificates that backends are trusted by and that the gateway \
     shows. They are secrets of a machine and lie in .apigw/secrets of the workspace there, which Git ignores. A gateway \
     on whose machine one is missing does not serve the version, but the one before. It is a warning, since the gateway \
     may run on another machine than this command.",
)
.example(
    "group.yaml:\n\
     \x20 forwarding: {tls: {ca: backend-ca.pem}}\n\
     on the machine of the gateway:\n\
     \x20 .apigw/secrets/backend-ca.pem",
);
/// The key that signs requests to backends can sign.
pub(crate) const SIGNING_KEY: Rule = Rule::error(
    "signing-key",
    "`forwarding.sign` in group.yaml names the key with which the gateway signs requests to backends: one of kind \
     signature with a shared secret that was not revoked. With any other, every request to the group gets 503. Keys are \
     not frozen: a version is checked with the keys of the day on which it is published.",
)
.example(
    "group.yaml:\n\
     \x20 forwarding: {sign: {key: front}}\n\
     keys/front.yaml:\n\
     \x20 kind: signature",
);
/// The allowed origins have the form that browsers send.
pub(in crate::check) const CORS_ORIGIN: Rule = Rule::warning(
    "cors-origin",
    "`cors.allow_origins` in group.yaml lists the origins of pages that may call, as browsers send them: a scheme, \
     a host and, where it is not the usual one, a port, in lower case. One with a path or without a scheme never \
     matches. `*` alone stands for any.",
)
.example(
    "wrong:\n\
     \x20 cors: {allow_origins: [\"shop.example\", \"https://shop.example/\"]}\n\
     right:\n\
     \x20 cors: {allow_origins: [\"https://shop.example\"]}",
);
/// The texts of `cors` can stand in headers.
pub(in crate::check) const CORS_HEADER: Rule = Rule::error(
    "cors-header",
    "`cors.allow_headers` and `cors.expose_headers` in group.yaml list names of headers, one an entry, and no header has \
     a line break. A browser takes no list with a malformed name, and no gateway serves a group whose origins or names \
     have control characters.",
)
.example(
    "wrong:\n\
     \x20 cors: {allow_origins: [\"*\"], expose_headers: [\"X-Total, X-Page\"]}\n\
     right:\n\
     \x20 cors: {allow_origins: [\"*\"], expose_headers: [X-Total, X-Page]}",
);

/// A declared environment is not a misspelt one.
pub(in crate::check) const MISSPELT_ENVIRONMENT: Rule = Rule::warning(
    "environment-misspelt",
    "A table `[environments.NAME]` of apigw.toml declares an environment. Where the name is almost that of a built-in one \
     (test, pre-release, online, or an alias of it) and nothing is live there, it is most likely misspelt, and its settings \
     hold for nothing that is published. Correct the name, or turn the rule off.",
)
.example(
    "wrong:\n\
     \x20 [environments.onlne]\n\
     \x20 protected = true\n\
     right:\n\
     \x20 [environments.online]\n\
     \x20 protected = true",
);

/// The rules in this file.
pub(super) const RULES: [Rule; 22] = [
    MISSPELT_ENVIRONMENT,
    SECRETS_COMMAND_EMPTY,
    SIGNED_REQUEST_REPEATED,
    SIGNED_BODY_LIMIT,
    UNKNOWN_ENVIRONMENT,
    IP_RULES_EMPTY,
    FORWARDING,
    TLS_FILE_MISSING,
    SIGNING_KEY,
    CORS_ORIGIN,
    CORS_HEADER,
    BACKEND_ADDRESS,
    DOMAIN_COLLISION,
    DOMAIN_NOT_LIVE,
    PREFIX_COLLISION,
    VARIABLE_UNDECLARED,
    VARIABLE_UNKNOWN,
    VARIABLE_UNUSED,
    PROMOTION_CIRCLE,
    UNKNOWN_RULE,
    UNKNOWN_GROUP,
    UNKNOWN_API,
];
