//! What stands in `<% … %>`: `if` and its parts. Everything else is refused, with a way out for
//! what real files have there.

use super::expr::{Expr, Form};
use super::grammar::condition;
use super::refusal::Refusal;
use super::token::tokens;

/// What `<% … %>` may hold.
#[derive(Debug)]
pub enum Statement {
    /// Nothing, or a comment.
    Nothing,
    If(Expr),
    Elsif(Expr),
    Else,
    End,
    /// Not understood, and begins a block that an `end` closes.
    Block(Refusal),
}

/// The statement of `<% code %>`.
pub fn statement(code: &str) -> Result<Statement, Refusal> {
    let word = code.trim_start();
    let word = word.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let known = matches!(word, "if" | "elsif" | "unless" | "else" | "end");
    if !known && !code.trim_start().starts_with('#') && !code.trim().is_empty() {
        let block = code.trim_end();
        let opens = block.ends_with(" do") || (block.contains(" do |") && block.ends_with('|'));
        return if opens { Ok(Statement::Block(unfit(code))) } else { Err(unfit(code)) };
    }
    let tokens = tokens(code)?;
    if tokens.is_empty() {
        return Ok(Statement::Nothing);
    }
    if !known {
        return Err(unfit(code));
    }
    let condition = || condition(&tokens, code.trim_end().len());
    Ok(match word {
        "if" => Statement::If(condition()?),
        "elsif" => Statement::Elsif(condition()?),
        "unless" => {
            let value = condition()?;
            let span = value.span.clone();
            Statement::If(Expr { form: Form::Not(Box::new(value)), span })
        }
        _ => match tokens.get(1) {
            Some(token) => return Err(Refusal::unknown(token.span.start..code.trim_end().len())),
            None if word == "else" => Statement::Else,
            None => Statement::End,
        },
    })
}

/// What else `<% … %>` holds in real files, and how to do without.
fn unfit(code: &str) -> Refusal {
    let start = code.len() - code.trim_start().len();
    let whole = start..code.trim_end().len().max(start);
    let refusal = Refusal::form(whole, "this is Ruby code that only Ruby can run");
    let code = code.trim();
    if code.contains(".each") || code.contains(".map") || code.contains(".times") {
        return refusal.help(
            "print the list itself, as a YAML list in one line: \
             `hosts: <%= ENV[\"HOSTS\"].split(\",\") %>`",
        );
    }
    if code.starts_with("require") || code.contains("Dotenv") {
        return refusal.help("remove this line: `.env` is read before deploy.yml");
    }
    if code
        .split_once('=')
        .is_some_and(|(name, _)| name.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    {
        return refusal.help(
            "there are no variables; write the expression where its value is needed, or use a \
             YAML anchor: `x-name: &name …` and `*name`",
        );
    }
    refusal.help("`if`, `elsif`, `else`, `unless` and `end` are understood; write the values out")
}
