//! `${NAME}` in backend addresses, a reference to a variable of the environment.

/// The error for an address whose variables cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// A `${` without its `}`.
    #[error("{0:?} has a `${{` without its `}}`")]
    Unclosed(String),
    /// The variable is not set.
    #[error("the variable {0:?} is not set")]
    Unknown(String),
}

/// Lists the variables in an address, in order.
pub fn variables_of(address: &str) -> Result<Vec<&str>, VariableError> {
    let unclosed = || VariableError::Unclosed(address.to_owned());
    let parts = address.split("${").skip(1);
    parts.map(|part| part.split_once('}').map(|(name, _)| name).ok_or_else(unclosed)).collect()
}

/// Replaces each variable in an address by its value.
pub fn with_variables<'v>(address: &str, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, VariableError> {
    variables_of(address)?;
    let mut text = String::with_capacity(address.len());
    let mut rest = address;
    while let Some((before, (name, behind))) =
        rest.split_once("${").and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        text.push_str(before);
        text.push_str(value(name).ok_or_else(|| VariableError::Unknown(name.to_owned()))?);
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_for_parts_of_an_address() {
        let resolved = |address| with_variables(address, |name| (name == "HOST").then_some("a.example"));
        assert_eq!(resolved("http://${HOST}:80/${HOST}x").as_deref(), Ok("http://a.example:80/a.examplex"));
        assert_eq!(resolved("http://b").as_deref(), Ok("http://b"));
        assert_eq!(resolved("http://${OTHER}"), Err(VariableError::Unknown("OTHER".to_owned())));
        assert_eq!(resolved("http://${HOST}${HOST"), Err(VariableError::Unclosed("http://${HOST}${HOST".to_owned())));
    }
}
