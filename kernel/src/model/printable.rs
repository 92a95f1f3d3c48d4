//! Texts that others wrote, safe to show: they cannot steer a terminal or forge a line.

/// What stands for a line break in a text that must stay on one line.
const BREAK: &str = " ⏎ ";

/// Whether a character could make a text look like something else: control characters but the
/// line break and the tab, those that change the direction of writing, and the line breaks of
/// Unicode that terminals and editors disagree about.
pub fn misleads(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

/// The text with a visible mark for each such character.
pub fn printable(text: &str) -> String {
    text.replace(misleads, "\u{fffd}")
}

/// The same, and on one line: a further line could pass for one of ours.
pub fn on_one_line(text: &str) -> String {
    printable(text.trim_end_matches('\n')).replace('\n', BREAK)
}

/// Whether a text is one line as it stands.
pub fn is_one_line(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || misleads(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s8_texts_cannot_steer_the_terminal_or_turn_around() {
        assert_eq!(printable("a\x1b[2Jb\n\tc"), "a\u{fffd}[2Jb\n\tc");
        let misleading = "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\
                          \u{200e}\u{200f}\u{61c}\u{2028}\u{2029}\u{85}\r";
        assert_eq!(printable(misleading), "\u{fffd}".repeat(misleading.chars().count()));
        assert_eq!(printable("ü שלום 👩\u{200d}🚀"), "ü שלום 👩\u{200d}🚀");
    }

    #[test]
    fn s8_a_line_break_forges_no_line() {
        assert_eq!(on_one_line("done\nerror: gone\n"), "done ⏎ error: gone");
        assert!(is_one_line("Boot web") && !is_one_line("a\nb"));
        assert!(!is_one_line("a\u{202e}b") && !is_one_line("a\tb"));
    }
}
