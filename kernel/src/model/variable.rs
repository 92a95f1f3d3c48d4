//! Names of variables.

/// Whether a shell would take this for the name of a variable.
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_has_letters_digits_and_underscores_and_no_digit_first() {
        assert!(["A", "_", "a1", "_1", "RAILS_ENV"].into_iter().all(is_name));
        assert!(!["", "1", "1A", "A B", "A-B", "A=", "Ä", "A\n", "$A"].into_iter().any(is_name));
    }
}
