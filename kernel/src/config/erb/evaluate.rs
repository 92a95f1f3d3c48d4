//! What expressions are worth. Pure: all that is not in the expression is asked of a [`World`].

use std::collections::BTreeMap;
use std::ops::Range;

use super::expr::{Expr, Form, Piece};
use super::refusal::Refusal;
use super::value::Value;
use crate::model::problem::Problem;

/// What there is outside of a file.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The environment after `.env` files.
    pub env: &'a BTreeMap<String, String>,
    /// The text of a file.
    pub read: &'a dyn Fn(&str) -> Result<String, Box<Problem>>,
    /// What a command prints, if it may run.
    pub run: &'a dyn Fn(&str) -> Result<String, Box<Problem>>,
}

/// The value of an expression.
///
/// # Errors
/// At the part that has none. A branch that Ruby would not take is not evaluated.
pub fn evaluate(expr: &Expr, world: &World<'_>) -> Result<Value, Refusal> {
    let value = |expr: &Expr| evaluate(expr, world);
    let refuse = |why: String, help: &str| {
        let problem = Problem::error(format!("ERB: {why}")).label("this has no value");
        Refusal::new(expr.span.clone(), problem).help(help)
    };
    Ok(match &expr.form {
        Form::Nil => Value::Nil,
        Form::Bool(value) => Value::Bool(*value),
        Form::Number(value) => Value::Number(*value),
        Form::Text(pieces) => Value::Text(text(pieces, &expr.span, world)?),
        Form::Command(pieces) => {
            let command = text(pieces, &expr.span, world)?;
            let printed = (world.run)(&command);
            Value::Text(printed.map_err(|problem| Refusal { span: expr.span.clone(), problem })?)
        }
        Form::Variable(name) => {
            let name = string(name, world)?;
            world.env.get(&name).cloned().map_or(Value::Nil, Value::Text)
        }
        Form::Fetch(name, default) => {
            let name = string(name, world)?;
            match (world.env.get(&name), default) {
                (Some(found), _) => Value::Text(found.clone()),
                (None, Some(default)) => value(default)?,
                (None, None) => return Err(unset(&name, expr.span.clone())),
            }
        }
        Form::IsSet(name) => Value::Bool(world.env.contains_key(&string(name, world)?)),
        Form::File(path) => {
            let read = (world.read)(&string(path, world)?);
            Value::Text(read.map_err(|problem| Refusal { span: expr.span.clone(), problem })?)
        }
        Form::Or(left, right) => match value(left)? {
            left if left.is_true() => left,
            _ => value(right)?,
        },
        Form::And(left, right) => match value(left)? {
            left if left.is_true() => value(right)?,
            left => left,
        },
        Form::Not(of) => Value::Bool(!value(of)?.is_true()),
        Form::Same(left, right) => Value::Bool(value(left)? == value(right)?),
        Form::Plus(left, right) => value(left)?
            .plus(value(right)?)
            .map_err(|why| refuse(why, "write `\"#{ENV[\"A\"]}#{ENV[\"B\"]}\"` instead"))?,
        Form::Choice(condition, then, otherwise) => match value(condition)?.is_true() {
            true => value(then)?,
            false => value(otherwise)?,
        },
        Form::Call { of, name, arguments, safe } => {
            let receiver = value(of)?;
            if *safe && receiver == Value::Nil {
                return Ok(Value::Nil);
            }
            if let (Value::Nil, Form::Variable(variable)) = (&receiver, &of.form)
                && !matches!(*name, "to_s" | "to_i" | "inspect" | "to_json" | "nil?")
                && !matches!(*name, "blank?" | "present?" | "presence")
            {
                return Err(unset(&string(variable, world)?, of.span.clone()));
            }
            let arguments: Vec<Value> = arguments.iter().map(value).collect::<Result<_, _>>()?;
            receiver
                .call(name, &arguments)
                .map_err(|why| refuse(why, "give it a default: `(ENV[\"NAME\"] || \"default\")`"))?
        }
        Form::Map(of, name) => match value(of)? {
            Value::List(items) => {
                let items = items.into_iter().map(|item| item.call(name, &[]));
                let items = items.collect::<Result<_, _>>();
                Value::List(items.map_err(|why| refuse(why, "write the values out"))?)
            }
            _ => {
                let why = "`.map` works on a list".to_owned();
                return Err(refuse(why, "make a list first: `.split(\",\")`"));
            }
        },
    })
}

/// A text put together; no longer than a file may reasonably be.
fn text(pieces: &[Piece], span: &Range<usize>, world: &World<'_>) -> Result<String, Refusal> {
    let mut text = Value::Text(String::new());
    for piece in pieces {
        let next = match piece {
            Piece::Literal(literal) => literal.clone(),
            Piece::Code(expr) => evaluate(expr, world)?.text(),
        };
        text = text.plus(Value::Text(next)).map_err(|why| Refusal::form(span.clone(), &why))?;
    }
    Ok(text.text())
}

/// An expression that must be a text: a name, a path.
fn string(expr: &Expr, world: &World<'_>) -> Result<String, Refusal> {
    match evaluate(expr, world)? {
        Value::Text(text) => Ok(text),
        _ => Err(Refusal::form(expr.span.clone(), "a text in quotes is expected here")),
    }
}

fn unset(name: &str, span: Range<usize>) -> Refusal {
    let problem = Problem::error(format!("the environment variable `{name}` is not set"));
    let shown = name.replace('"', "\\\"");
    Refusal::new(span, problem.label("needed here"))
        .help(format!("set `{name}`, or give a default: `ENV.fetch(\"{shown}\", \"…\")`"))
}
