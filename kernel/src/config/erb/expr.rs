//! What an expression is made of.

use std::ops::Range;

/// An expression and where it stands in the code.
#[derive(Debug)]
pub struct Expr {
    pub form: Form,
    pub span: Range<usize>,
}

#[derive(Debug)]
pub enum Form {
    Nil,
    Bool(bool),
    Number(i64),
    Text(Vec<Piece>),
    Command(Vec<Piece>),
    /// `ENV[name]`
    Variable(Box<Expr>),
    /// `ENV.fetch(name, default)`
    Fetch(Box<Expr>, Option<Box<Expr>>),
    /// `ENV.key?(name)`
    IsSet(Box<Expr>),
    /// `File.read(path)`
    File(Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Same(Box<Expr>, Box<Expr>),
    Plus(Box<Expr>, Box<Expr>),
    /// Condition, then, else.
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A method of `value`; with `&.` none of nothing.
    Call {
        of: Box<Expr>,
        name: &'static str,
        arguments: Vec<Expr>,
        safe: bool,
    },
    /// A method of each item.
    Map(Box<Expr>, &'static str),
}

/// A part of a text.
#[derive(Debug)]
pub enum Piece {
    Literal(String),
    Code(Expr),
}
