//! Draws problems the way rustc does, on the user's own lines.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::source::Sources;
use crate::model::problem::{Place, Problem, Severity};

/// All problems as text, in the given order, with a blank line between them
/// and a line break at the end; empty for none.
///
/// A problem whose file is not among `sources` (a `.env` file, say) shows only
/// its path, line and column, never the text.
pub fn draw(problems: &[Problem], sources: &Sources, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let drawn: Vec<String> = problems
        .iter()
        .map(|problem| {
            // The renderer draws ASCII control characters as pictures, but lets C1 pass.
            let is_c1 = |letter| ('\u{80}'..='\u{9f}').contains(&letter);
            renderer.render(&[group(problem, sources)]).replace(is_c1, "\u{fffd}") + "\n"
        })
        .collect();
    drawn.join("\n")
}

fn group<'a>(problem: &'a Problem, sources: &'a Sources) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = Group::with_title(level.primary_title(problem.title()));
    if let Some(place) = &problem.place {
        group = located(group, problem, place, sources);
    }
    // The label may have named the plugin already.
    let named = |plugin: &&String| {
        problem.label.as_ref().is_some_and(|label| label.contains(&format!("`{plugin}`")))
    };
    if let Some(plugin) = problem.origin.as_ref().filter(|plugin| !named(plugin)) {
        group = group.element(Level::NOTE.message(format!("reported by the plugin `{plugin}`")));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help));
    }
    group
}

fn located<'a>(
    group: Group<'a>,
    problem: &'a Problem,
    place: &Place,
    sources: &'a Sources,
) -> Group<'a> {
    let path = place.file.display().to_string();
    let Some(source) = sources.get(&place.file) else {
        return group.element(Origin::path(path).line(place.line).char_column(place.column));
    };
    // A map or list spans many lines; its first one is enough to find it.
    let line = source.line(place.line);
    let end = place.span.end.min(line.end).max(place.span.start);
    let annotation =
        AnnotationKind::Primary.span(place.span.start..end).label(problem.label.as_deref());
    group.element(Snippet::source(source.text()).path(path).annotation(annotation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_nothing_for_nothing() {
        assert_eq!(draw(&[], &Sources::default(), false), "");
    }

    #[test]
    fn hides_the_text_of_unknown_files() {
        let place = Place { file: ".env".into(), line: 3, column: 5, span: 20..24 };
        let drawn = draw(&[Problem::error("unclosed quote").at(place)], &Sources::default(), false);
        assert_eq!(drawn, "error: unclosed quote\n--> .env:3:5\n");
    }

    #[test]
    fn colours_only_when_asked() {
        let mut sources = Sources::default();
        let source = sources.add("a.yml", "prot: 80\n");
        let problem = Problem::error("unknown key `prot`")
            .at(source.place(0..4))
            .help("did you mean `port`?");
        assert!(draw(std::slice::from_ref(&problem), &sources, true).contains('\u{1b}'));
        assert!(!draw(&[problem], &sources, false).contains('\u{1b}'));
    }
}
